"""``plan --analyze`` and ``audit --url`` against a shop that runs."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from gateway.aggregation.compose import Fragment, Plan
from gateway.ops.explain.audit.gathering import answered, gather, private_sources
from gateway.ops.explain.audit.rules import audit
from gateway.ops.explain.pages import Page
from gateway.storefront.plan import RECCO
from tests.live import Shop
from tests.plain import NO_TLS


def test_a_running_gateway_tells_its_percentiles_and_hit_ratios(shop: Shop) -> None:
    for _ in range(3):
        httpx.get(f"{shop.url}/", timeout=5.0, trust_env=False, verify=NO_TLS)
    out = StringIO()
    call_command("plan", "home", "--analyze", "--json", "--url", shop.url, stdout=out)
    (page,) = json.loads(out.getvalue())["pages"]
    promo = page["steps"][0]["fragments"][0]["measured"]
    assert page["measured"]["calls"] >= 3
    assert 0 < page["measured"]["p50_seconds"] <= page["measured"]["p95_seconds"]
    assert 0 < promo["hit_share"] < 1
    assert 0 < promo["whole_share"] <= 1


def test_the_headers_of_a_running_shop_are_judged(shop: Shop) -> None:
    out = StringIO()
    # The settings are those of the tests, whose secrets are known: the exit code says so.
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "--json", "--url", f"{shop.url}/", stdout=out)
    assert ended.value.code == 2
    assert [each for each in json.loads(out.getvalue()) if each["rule"][0] == "H"] == []


def test_an_answer_that_is_no_shops_is_found_out(shop: Shop) -> None:
    """The services of the shop are none that a browser ever meets."""
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("audit", "--json", "--url", f"{shop.promo.url}/livez", stdout=out)
    assert "H002" in {each["rule"] for each in json.loads(out.getvalue())}


async def test_an_answer_made_here_has_the_headers_that_the_shop_sends(shop: Shop) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as client:
        sent = await client.get(f"{shop.url}/livez")
    here = await answered()
    for name in ("content-security-policy", "permissions-policy", "x-frame-options"):
        assert here[name] == sent.headers[name]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://[", "ftp://x"])
def test_a_shop_that_does_not_answer_is_a_sentence_and_ends_with_3(url: str) -> None:
    with pytest.raises(CommandError, match="does not answer") as told:
        call_command("audit", "--url", url, stdout=StringIO())
    assert told.value.returncode == 3


def test_a_service_that_calls_its_replies_private_is_found_by_asking(
    shop: Shop, settings: Any
) -> None:
    """The recommendations of a stranger are private too; asked without a person, that is wrong."""
    settings.RECCO_SERVICE_URL = shop.recco.url
    shared = replace(RECCO, name="shared", asks=("limit",))
    found = gather((Page("p", (), (Plan("p", 0.8, (Fragment("s", shared),)),)),), headers={})
    assert private_sources(found.sources) == {"shared"}
    told = audit(replace(found, private=private_sources(found.sources)))
    assert "P005" in {each.rule for each in told}


def test_an_unknown_rule_is_a_sentence_and_ends_with_3() -> None:
    with pytest.raises(CommandError, match="There is no rule 'T999'") as told:
        call_command("audit", "--skip", "T999", stdout=StringIO())
    assert told.value.returncode == 3


def test_the_rules_can_be_listed_without_judging_anything() -> None:
    out = StringIO()
    call_command("audit", "--rules", stdout=out)
    assert out.getvalue().count("\n") >= 40
