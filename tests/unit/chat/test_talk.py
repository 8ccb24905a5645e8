"""What a visitor may do in a room, and how often."""

import json
from typing import Any

import pytest

from gateway.aggregation.errors import SourceTimeout
from gateway.chat import store, talk
from gateway.chat.identity import Speaker
from gateway.chat.limits import MISTAKES, PINGS
from gateway.chat.listener import Listener
from gateway.chat.protocol import Close, Ending, Say
from gateway.chat.talk import CHECKED_SECONDS, Talk
from tests.fakes import VirtualClock

ADA = Speaker("guest-1", "Guest 1", "guest")


class Shelf:
    """A store in a list, and what it raises."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.raises: Exception | None = None

    async def say(self, room: str, speaker: Speaker, said: Say) -> tuple[int, str]:
        if self.raises:
            raise self.raises
        self.said.append(said.text)
        return len(self.said), said.client_id or "made-up"


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """What is said goes here, and nobody is told."""
    shelf = Shelf()
    monkeypatch.setattr(store, "say", shelf.say)
    monkeypatch.setattr(talk, "announce", lambda room: None)
    return shelf


def begin(clock: VirtualClock) -> tuple[Talk, Listener]:
    listener = Listener()
    return Talk("tea", ADA, listener, (), clock=clock.time), listener


def answers(listener: Listener) -> list[dict[str, Any]]:
    """What waits to be sent; it is taken out."""
    found = [json.loads(text) for _, text in listener._waiting]
    listener._waiting.clear()
    return found


def said(text: str) -> str:
    return json.dumps({"type": "say", "text": text, "client_id": "c-1"})


async def test_who_waits_as_long_as_told_may_speak_again(shelf: Shelf, clock: VirtualClock) -> None:
    ours, listener = begin(clock)
    for _ in range(10):
        await ours.hear(said("x"))
    assert len(shelf.said) == 10
    answers(listener)
    await ours.hear(said("too fast"))
    (refused,) = answers(listener)
    assert (refused["code"], refused["client_id"]) == ("slow-down", "c-1")
    clock.advance(refused["retry_after"])
    await ours.hear(said("in time"))
    assert shelf.said[-1] == "in time"


async def test_mistakes_are_answered_and_too_many_end_it(clock: VirtualClock) -> None:
    ours, listener = begin(clock)
    for _ in range(int(MISTAKES.burst)):
        await ours.hear("nonsense")
    assert {each["code"] for each in answers(listener)} == {"malformed"}
    with pytest.raises(Ending) as ending:
        await ours.hear("nonsense")
    assert ending.value.code is Close.FLOOD


async def test_a_mistake_now_and_then_is_forgiven(clock: VirtualClock) -> None:
    ours, listener = begin(clock)
    for _ in range(100):
        await ours.hear("nonsense")
        clock.advance(5.0)
        answers(listener)


async def test_signs_of_life_have_a_limit_of_their_own(shelf: Shelf, clock: VirtualClock) -> None:
    ours, listener = begin(clock)
    for _ in range(int(PINGS.burst) + 1):
        await ours.hear('{"type":"ping"}')
    kinds = [each["type"] for each in answers(listener)]
    assert kinds == ["pong"] * int(PINGS.burst) + ["error"]
    await ours.hear(said("still"))
    assert shelf.said == ["still"]


async def test_what_cannot_be_kept_is_said_to_be_and_is_no_mistake(
    shelf: Shelf, clock: VirtualClock
) -> None:
    ours, listener = begin(clock)
    shelf.raises = SourceTimeout("chat")
    for _ in range(30):
        await ours.hear(said("x"))
        clock.advance(1.0)
        (refused,) = answers(listener)
        assert refused["code"] == "unavailable"


async def test_a_room_that_is_gone_ends_it(shelf: Shelf, clock: VirtualClock) -> None:
    ours, _ = begin(clock)
    shelf.raises = store.NoSuchRoom()
    with pytest.raises(Ending) as ending:
        await ours.hear(said("x"))
    assert ending.value.code is Close.NO_SUCH_ROOM


async def test_who_has_signed_out_speaks_for_a_minute_at_most(
    shelf: Shelf, clock: VirtualClock
) -> None:
    ours, _ = begin(clock)

    async def not_any_more() -> bool:
        return False

    ours.still_is = not_any_more
    await ours.hear(said("x"))
    clock.advance(CHECKED_SECONDS)
    with pytest.raises(Ending) as ending:
        await ours.hear(said("y"))
    assert ending.value.code is Close.SIGNED_OUT
    assert shelf.said == ["x"]
