"""``manage.py plan``: it tells what is really built, and what has changed since."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command

import gateway
from gateway.aggregation.compose import Fragment, Plan
from gateway.aggregation.events import nobody
from gateway.aggregation.layers import Layer
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.source import Policy, stack
from gateway.environment import Environment
from gateway.ops.explain.bounds import KNOWN
from gateway.ops.explain.compare import differences, saved
from gateway.ops.explain.model import Explained, FragmentPlan
from gateway.ops.explain.pages import PAGES, Page
from gateway.ops.explain.reading import built_of, explain, layers_of
from gateway.ops.explain.words import in_words
from gateway.runtime import Runtime
from gateway.storefront.plan import HOME, PROMO
from tests.fakes import FakeSource
from tests.unit.ops.judging import endpoint, fragment, page


def _home() -> dict[str, FragmentPlan]:
    (plan,) = explain([PAGES[0]])
    return {each.name: each for each in plan.steps[0].fragments}


def _only(*fragments: Fragment) -> FragmentPlan:
    (plan,) = explain([page(*fragments)])
    return plan.steps[0].fragments[0]


def _said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_formula_is_that_of_the_documentation() -> None:
    assert _home()["promo"].formula == (
        "observe( fallback( caching( single_flight( storing( retry( hedge( measure( "
        "circuit_breaker( telling( bulkhead( timeout( fault_injection( source )))))))))))))"
    )


def test_another_order_in_the_runtime_is_another_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is read off what was built: there is no second copy that could drift."""
    before, guarded = _home()["promo"].formula, Runtime._guarded

    def turned(self: Runtime, *args: Any) -> list[Policy]:
        return guarded(self, *args)[::-1]

    monkeypatch.setattr(Runtime, "_guarded", turned)
    after = _home()["promo"].formula
    assert after != before
    assert "fault_injection( timeout( bulkhead( telling( circuit_breaker( source" in after


async def test_what_is_told_is_what_was_put_around_the_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The very policies that the source went through, and no others."""
    used: list[tuple[Policy, ...]] = []

    def noting(source: Any, *policies: Policy) -> Any:
        used.append(policies)
        return stack(source, *policies)

    monkeypatch.setattr(gateway.runtime, "stack", noting)
    ours = Runtime(emit=nobody)
    built = built_of(fragment(PROMO), ours)
    assert used == [built.policies]
    await ours.close()


async def test_every_policy_can_tell_its_name_and_its_cost_is_known() -> None:
    ours = Runtime(emit=nobody)
    for each in (one for p in PAGES for plan in p.plans for one in plan.fragments):
        layers = layers_of(built_of(each, ours))
        assert {layer.name for layer in layers} <= KNOWN
    await ours.close()


def test_a_layer_leaves_nothing_of_itself_around_the_source() -> None:
    """Calls pay nothing: what stands around the source is the policy's own function."""
    policy = observe("thing", nobody)
    assert isinstance(policy, Layer)
    wrapped = policy(FakeSource())
    assert wrapped.__qualname__ == "observe.<locals>.policy.<locals>.observed"  # type: ignore[attr-defined]


def test_every_plan_of_the_shop_is_told() -> None:
    """A room with a page of its own adds it to PAGES; this finds it if nobody did."""
    told = {plan.name for each in PAGES for plan in each.plans}
    found = {
        value.name
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, Plan)
    }
    assert found <= told
    assert len(found) >= 8


def _modules() -> Iterator[Any]:
    for room in pkgutil.walk_packages(gateway.__path__, "gateway."):
        # The server installs an event loop when it is imported; no page is declared there.
        if not re.search(r"\.(server|serve|migrations|commands)\b", room.name):
            yield importlib.import_module(room.name)


def test_a_timeout_longer_than_the_page_is_told_as_what_is_left(settings: Any) -> None:
    settings.PROMO_TIMEOUT_SECONDS = 2.0
    promo = _home()["promo"]
    assert promo.timeout is not None
    assert promo.timeout.seconds == 2.0
    # 0.8 s, less 10 ms that the page keeps and 10 ms that the timeout keeps.
    assert promo.effective_seconds == pytest.approx(0.78)
    assert "but the page leaves 0.78 s" in " ".join(_said("plan", "home").split())


def test_what_is_kept_and_for_how_long(settings: Any) -> None:
    settings.PROMO_FRESH_SECONDS, settings.STALE_SECONDS = 7.0, 70.0
    kept = _home()["promo"].kept
    assert kept is not None
    assert (kept.key, kept.fresh.seconds, kept.stale.seconds) == (("promo", "on"), 7.0, 70.0)
    assert (kept.failure_seconds, kept.failure_most_seconds) == (0.5, 5.0)
    settings.PROMO_FRESH_SECONDS = 0.0
    assert _home()["promo"].kept is None


@pytest.mark.parametrize(
    ("declared", "primary", "says"),
    [
        (endpoint(fresh=None), True, "503"),
        (endpoint(fresh=None), False, "a gap"),
        (endpoint(fresh=None, fallback={}), False, "the stand-in: an empty record"),
        (endpoint(), True, "marked stale, for up to 3600 s"),
    ],
)
def test_what_the_visitor_sees_when_a_source_dies(declared: Any, primary: bool, says: str) -> None:
    assert says in _only(fragment(declared, primary=primary)).if_it_dies


def test_values_are_said_in_words() -> None:
    assert in_words(None) == "nothing"
    assert in_words(()) == "an empty list"
    assert in_words({"a": [1, 2], "b": "x"}) == "a a list of 2, b 'x'"


def test_where_a_value_comes_from_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("ORIGIN_FROM_FILE=1\nORIGIN_BOTH=1\n")
    (tmp_path / "secret").write_text("1")
    monkeypatch.setenv("ORIGIN_BOTH", "2")
    monkeypatch.setenv("ORIGIN_EMPTY", "")
    monkeypatch.setenv("ORIGIN_SECRET_FILE", str(tmp_path / "secret"))
    # Reading .env writes into the environment: these leave it again with the test.
    monkeypatch.setenv("ORIGIN_FROM_FILE", "")
    monkeypatch.delenv("ORIGIN_FROM_FILE")
    environment = Environment(tmp_path / ".env")
    assert environment.origin("ORIGIN_FROM_FILE") == ".env"
    assert environment.origin("ORIGIN_BOTH") == "environment"
    assert environment.origin("ORIGIN_EMPTY") == "default"
    assert environment.origin("ORIGIN_NEVER") == "default"
    assert environment.origin("ORIGIN_SECRET") == "environment, ORIGIN_SECRET_FILE"


def test_a_setting_that_was_changed_while_running_says_so(settings: Any) -> None:
    settings.RECCO_TIMEOUT_SECONDS = 0.123
    timeout = _home()["recco"].timeout
    assert timeout is not None
    assert timeout.origin == "changed since the start"


def test_a_saved_plan_differs_in_nothing_from_itself(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(_said("plan", "--json"))
    assert _said("plan", "--diff", str(tmp_path / "plan.json")) == "Nothing differs.\n"


def test_a_change_is_told_in_one_line_by_name_and_ends_with_1(
    tmp_path: Path, settings: Any
) -> None:
    (tmp_path / "plan.json").write_text(_said("plan", "--json"))
    settings.BOOKS_TIMEOUT_SECONDS = 0.2
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("plan", "books", "--diff", str(tmp_path / "plan.json"), stdout=out)
    assert ended.value.code == 1
    assert "~ books / books / books / timeout / seconds: 0.3 -> 0.2\n" in out.getvalue()
    assert "authors" not in out.getvalue()


def test_a_fragment_that_came_or_went_is_told() -> None:
    before = Explained(explain([Page("home", (), (HOME,))]))
    fewer = replace(HOME, fragments=HOME.fragments[:-1])
    after = Explained(explain([Page("home", (), (fewer,))]))
    assert [line[0] for line in differences(before, after) if "arrivals" in line].count("-") > 5
    assert [line[0] for line in differences(after, before) if "arrivals" in line].count("+") > 5


def test_where_a_value_comes_from_is_no_difference() -> None:
    before = Explained(explain([PAGES[0]]))
    text = msgspec.json.encode(before).replace(b'"default"', b'"environment"')
    assert saved(text) != before
    assert differences(saved(text), before) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pages": []', '{"pages": [], "format": 99}'])
def test_what_is_no_saved_plan_is_told_in_a_sentence_and_ends_with_2(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(CommandError, match="cannot be compared") as told:
        _said("plan", "--diff", str(tmp_path / "plan.json"))
    assert told.value.returncode == 2


def test_a_file_that_is_not_there_and_a_page_that_is_none_end_with_2(tmp_path: Path) -> None:
    for words in (("--diff", str(tmp_path)), ("--diff", str(tmp_path / "none")), ("nowhere",)):
        with pytest.raises(CommandError) as told:
            _said("plan", *words)
        assert told.value.returncode == 2


def test_the_text_fits_a_terminal_and_has_no_codes_for_colour() -> None:
    text = _said("plan")
    assert max(map(len, text.splitlines())) <= 100
    assert "\033" not in text
    assert all(each.name in text for each in PAGES)


def test_the_json_can_be_read_back_as_it_was() -> None:
    assert saved(_said("plan", "--json").encode()) == Explained(explain(PAGES))
    assert json.loads(_said("plan", "home", "--json"))["pages"][0]["name"] == "home"


@pytest.mark.parametrize("command", ["plan", "audit"])
def test_neither_command_connects_to_anything(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: Any) -> None:
        raise AssertionError(f"{command} connects to {args[-1]}")

    monkeypatch.setattr("socket.socket.connect", refused)
    monkeypatch.setattr("socket.socket.connect_ex", refused)
    out = StringIO()
    options = {"offline": True} if command == "plan" else {}
    try:
        call_command(command, stdout=out, **options)
    except SystemExit as ended:
        assert command == "audit"
        assert ended.code == 2  # noqa: PT017
    assert out.getvalue()


def test_no_gateway_is_a_sentence_and_ends_with_2() -> None:
    with pytest.raises(CommandError, match=r"No figures could be read from .*/metrics") as told:
        _said("plan", "--analyze", "--url", "http://127.0.0.1:1")
    assert told.value.returncode == 2
