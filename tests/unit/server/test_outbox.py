"""Answers that go out together at the end of a turn."""

import asyncio
from contextvars import ContextVar

import pytest

from gateway.server.outbox import Outbox

whose: ContextVar[str] = ContextVar("whose")
Sent = list[tuple[str, bytes, bool]]


class FakeSender:
    """Notes what it sends; one that is ``broken`` fails."""

    def __init__(self, name: str, sent: Sent, *, broken: bool = False) -> None:
        self._name = name
        self._sent = sent
        self._broken = broken

    def send_now(self, answer: bytes, last: bool) -> None:
        if self._broken:
            raise RuntimeError("this one is broken")
        self._sent.append((self._name, answer, last))


async def test_answers_go_out_in_their_order_when_the_turn_ends() -> None:
    sent: Sent = []
    outbox, one, other = Outbox(), FakeSender("one", sent), FakeSender("other", sent)
    outbox.put(one, b"1", last=False)
    outbox.put(other, b"2", last=True)
    outbox.put(one, b"3", last=False)
    assert sent == []
    await asyncio.sleep(0)
    assert sent == [("one", b"1", False), ("other", b"2", True), ("one", b"3", False)]
    await asyncio.sleep(0)
    outbox.put(other, b"4", last=False)
    await asyncio.sleep(0)
    assert sent[3:] == [("other", b"4", False)]


async def test_one_that_fails_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    sent: Sent = []
    outbox = Outbox()
    outbox.put(FakeSender("broken", sent, broken=True), b"1", last=False)
    outbox.put(FakeSender("other", sent), b"2", last=False)
    await asyncio.sleep(0)
    assert sent == [("other", b"2", False)]
    assert [record.message for record in caplog.records] == ["answer.lost"]


async def test_what_a_visitors_task_has_set_goes_no_further() -> None:
    """Else his successor on the connection, or another one's, would begin with it."""
    seen: list[str] = []

    class Looks:
        def send_now(self, answer: bytes, last: bool) -> None:
            seen.append(whose.get("nobody"))

    async def answers() -> None:
        whose.set("the first visitor")
        Outbox().put(Looks(), b"1", last=False)

    await asyncio.create_task(answers())
    await asyncio.sleep(0)
    assert seen == ["nobody"]
