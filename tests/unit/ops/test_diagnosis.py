"""What is wrong, and why: said in words, once for each trouble."""

import math
import re
from pathlib import Path

import pytest

from gateway.aggregation import errors
from gateway.aggregation.faults import FaultRule
from gateway.ops.live.diagnosis import Finding, diagnose
from gateway.ops.live.model import DoorNow, Spread
from gateway.ops.live.reasons import BY_WORD, REASONS
from gateway.sources.inforce import Kind, Switch
from tests.unit.engine.test_errors import CONCRETE
from tests.unit.ops.portraits import NOW, gateway, source, trouble, upstream

HANDBOOK = Path(errors.__file__).parents[2] / "docs" / "operations.md"


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_where_all_is_well_there_is_nothing_to_say() -> None:
    assert diagnose(gateway(), []) == []


def test_a_source_that_is_refused_is_told_with_all_that_one_needs() -> None:
    told = gateway(
        sources=(source(trouble=trouble(), shown="stale", said_at=NOW - 300),),
        upstreams=(upstream(state="open", since=NOW - 59, cause="failures", left_seconds=0.8),),
    )
    found = only(diagnose(told, []))
    said = " ".join(found.why)
    assert found.what == "promo: refused since 11:05:40 UTC"
    assert (found.reason, found.bad) == ("refused", True)
    for words in (
        "Nobody listens at its address. It is asked at http://promo:8001.",
        "It said last: ConnectionRefusedError.",
        "So far 12 of its calls failed, the latest 1 s ago.",
        "Its breaker is open since 11:05:41 UTC: half or more of its calls failed; the next probe "
        "is in 0.8 s.",
        "Visitors see what promo said at 11:01:40 UTC.",
    ):
        assert words in said
    assert found.do.startswith("Start it")


def test_a_dead_upstream_is_one_trouble_and_not_one_for_each_source() -> None:
    told = gateway(
        sources=(
            source("books", trouble=trouble(since=NOW - 90, reason_since=NOW - 90)),
            source("authors", trouble=trouble()),
            source("arrivals", trouble=trouble("timeout")),
        )
    )
    first, second = diagnose(told, [])
    assert first.what == "books and authors: refused since 11:05:10 UTC"
    assert second.what.startswith("arrivals: timeout")


def test_one_that_changed_its_reason_is_told_since_when_of_both() -> None:
    told = gateway(sources=(source(trouble=trouble(since=NOW - 600)),))
    found = only(diagnose(told, []))
    assert found.what == "promo: refused since 11:05:40 UTC"
    assert "It began at 10:56:40 UTC with another reason." in found.why


def test_one_that_is_well_again_is_told_so_and_is_not_bad() -> None:
    told = gateway(sources=(source(trouble=trouble(recovered=NOW - 5), shown="stale"),))
    found = only(diagnose(told, []))
    assert found.what == "promo: refused from 11:05:40 UTC, well again since 11:06:35 UTC"
    assert not found.bad
    assert not any("Visitors" in each for each in found.why)
    assert found.do == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "open", "left_seconds": 1.2}, "the next probe is in 1.2 s"),
        ({"state": "half-open", "probing": True}, "a probe is under way"),
        ({"state": "half-open"}, "the next call is a probe"),
    ],
)
def test_a_breaker_says_what_the_next_call_meets(changes: dict[str, object], words: str) -> None:
    told = gateway(sources=(source(trouble=trouble()),), upstreams=(upstream(**changes),))
    assert words in " ".join(only(diagnose(told, [])).why)


def test_a_fault_on_purpose_names_who_did_it() -> None:
    fault = Switch(Kind.FAULT, "promo", FaultRule(abort_percent=100), NOW + 60, "Ada", NOW)
    told = gateway(sources=(source(trouble=trouble("injected")),))
    failing, switched = diagnose(told, [fault])
    assert "The fault of promo was switched on by Ada." in failing.why
    assert switched.what == "promo: a fault on purpose is switched on by Ada, until 11:07:40 UTC"
    assert not switched.bad


def test_a_timeout_that_somebody_changed_is_told_with_who_did_so() -> None:
    changed = Switch(Kind.SETTING, "PROMO_TIMEOUT_SECONDS", 0.4, math.inf, "Ada", NOW)
    told = gateway(sources=(source(trouble=trouble("timeout")),))
    said = "The timeout of promo is 0.4 s (PROMO_TIMEOUT_SECONDS"
    assert f"{said})." in only(diagnose(told, [])).why
    assert f"{said}, changed at run time by Ada)." in only(diagnose(told, [changed])).why


def test_a_source_that_is_off_is_told_but_is_not_bad() -> None:
    off = Switch(Kind.OFF, "recco", None, math.inf, "Ada", NOW)
    found = only(diagnose(gateway(), [off]))
    assert (found.what, found.bad) == ("recco: switched off by Ada", False)


def test_a_setting_that_was_changed_is_nothing_wrong() -> None:
    changed = Switch(Kind.SETTING, "PROMO_TIMEOUT_SECONDS", 0.2, math.inf, "Ada", NOW)
    assert diagnose(gateway(), [changed]) == []


def test_visitors_who_are_turned_away_are_told() -> None:
    told = gateway(door=DoorNow(limit=60, inside=60, refused=12.0, late=0.5))
    found = only(diagnose(told, []))
    assert found.what == "door: 12/s visitors turned away in the last minute"
    assert "60 are inside, and 60 may be" in found.why[0]
    assert found.why[1] == "0.5/s had waited in vain."


def test_redis_and_postgres_that_do_not_answer_are_told() -> None:
    told = gateway(
        cache_failures={"timeout": 3, "refused": 2},
        switches_problem="refused",
        switches_as_of=NOW - 30,
    )
    redis, postgres = diagnose(told, [])
    assert redis.what == "Redis: 5 operations failed in the last minute"
    assert postgres.what.endswith("cannot be read (refused)")
    assert "goes on with what it saw last of 11:06:10 UTC." in postgres.why[0]
    never = gateway(switches_problem="refused", switches_as_of=0.0)
    assert only(diagnose(never, [])).why[0] == (
        "This gateway goes on with what its environment says."
    )


def test_a_source_that_is_slow_but_does_not_fail_is_told() -> None:
    slow = source(seconds=Spread(0.2, 0.39, 0.4))
    told = gateway(sources=(slow,), upstreams=(upstream(slow_rate=0.4),))
    found = only(diagnose(told, []))
    assert found.what == "PROMO_SERVICE_URL: 40 % of its calls take longer than 360 ms"
    assert found.why[0] == "p95 of the last five minutes: promo 390 ms."
    few = gateway(upstreams=(upstream(slow_rate=0.5, calls=2),))
    assert diagnose(few, []) == []


def test_a_gateway_that_fell_silent_and_versions_that_differ_are_told() -> None:
    other = gateway(id="two", host="two", at=NOW - 20, version="0.0.9")
    silent, versions = diagnose(gateway(), [], (gateway(), other))
    assert silent.what == "gateway two, process 7: silent for 20 s"
    assert versions.what.endswith("0.0.9 abc and 0.1.0 abc")
    assert not versions.bad


def test_every_reason_that_there_is_has_a_meaning_and_a_remedy() -> None:
    assert {error.reason for error in CONCRETE} == set(BY_WORD)
    assert len(BY_WORD) == len(REASONS)


def test_the_handbook_says_of_each_reason_what_the_page_says() -> None:
    handbook = HANDBOOK.read_text(encoding="utf-8")
    lines = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", handbook, re.M)
    assert lines == [(each.word, each.means, each.mostly, each.do) for each in REASONS]
