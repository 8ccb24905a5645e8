from collections.abc import Mapping
from dataclasses import FrozenInstanceError

import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call, Policy, Reply, Source, State, stack
from tests.fakes import FakeSource, VirtualClock
from tests.unit.engine.pages import call_in


def marking(mark: str) -> Policy:
    """Return a policy that leaves its mark around the value of a reply."""

    def policy(source: Source) -> Source:
        async def marked(call: Call) -> Reply:
            return Reply(f"{mark}({(await source(call)).value})")

        return marked

    return policy


async def test_the_first_policy_of_a_stack_is_the_outermost(clock: VirtualClock) -> None:
    source = stack(FakeSource("s"), marking("a"), marking("b"))
    assert (await source(call_in(clock))).value == "a(b(s))"


def test_a_stack_of_nothing_is_the_source_itself() -> None:
    source = FakeSource()
    assert stack(source) is source


def test_due_changes_the_deadline_alone(clock: VirtualClock) -> None:
    call = Call(Deadline.after(1, clock.time), {"a": 1}, {"request-id": "r"})
    other = Deadline.after(5, clock.time)
    assert call.due(other) == Call(other, {"a": 1}, {"request-id": "r"})


def test_narrowed_keeps_the_named_arguments_alone(clock: VirtualClock) -> None:
    call = call_in(clock, day="2026-11-20", member_id="42", theme="dark")
    assert call.narrowed(("day", "member_id")).args == {"day": "2026-11-20", "member_id": "42"}
    assert call.narrowed(()).args == {}


def test_narrowed_makes_an_absent_argument_none(clock: VirtualClock) -> None:
    assert call_in(clock, day="x").narrowed(("member_id",)).args == {"member_id": None}


def test_narrowed_keeps_deadline_and_baggage(clock: VirtualClock) -> None:
    call = Call(Deadline.after(1, clock.time), {"a": 1}, {"request-id": "r"})
    narrowed = call.narrowed(())
    assert (narrowed.deadline, narrowed.baggage) == (call.deadline, {"request-id": "r"})


@pytest.mark.parametrize("mapping", [Call(Deadline(1)).args, Call(Deadline(1)).baggage])
def test_a_call_without_arguments_shares_nothing_that_can_change(
    mapping: Mapping[str, object],
) -> None:
    assert dict(mapping) == {}
    with pytest.raises(TypeError):
        mapping["a"] = 1  # type: ignore[index]


def test_calls_and_replies_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Call(Deadline(1)).args = {}  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Reply(1).value = 2  # type: ignore[misc]


def test_baggage_is_not_printed() -> None:
    """It may hold what belongs in no log line."""
    assert "secret" not in repr(Call(Deadline(1), {}, {"authorization": "secret"}))


def test_a_reply_is_live_just_said_and_of_unknown_lifetime() -> None:
    assert Reply("v") == Reply("v", State.LIVE, 0.0, None, None)


def test_the_words_for_states_are_those_of_the_header() -> None:
    assert [str(state) for state in State] == ["live", "fresh", "stale", "fallback"]
