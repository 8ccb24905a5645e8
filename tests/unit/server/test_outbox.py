"""Answers that go out together at the end of a turn."""

import asyncio

from gateway.server.outbox import Outbox

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


async def test_one_that_fails_does_not_keep_the_others() -> None:
    sent: Sent = []
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failures.append(told))
    outbox = Outbox()
    outbox.put(FakeSender("broken", sent, broken=True), b"1", last=False)
    outbox.put(FakeSender("other", sent), b"2", last=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sent == [("other", b"2", False)]
    assert len(failures) == 1
