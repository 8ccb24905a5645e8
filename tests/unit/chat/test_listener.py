"""What waits for one who listens, and never more than that."""

import asyncio
import weakref

import pytest

from gateway.chat.listener import MOST_WAITING, SEND_SECONDS, Listener
from gateway.chat.protocol import Close, Ending
from tests.fakes import VirtualClock


async def test_what_the_history_has_told_is_not_told_again(clock: VirtualClock) -> None:
    listener, sent = Listener(), []

    async def send(text: str) -> None:
        sent.append(text)

    for change in (4, 5, 6, 7):
        listener.offer(f"change {change}", change)
    listener.offer("an answer")
    writing = asyncio.create_task(listener.write(send, "history", known=5))
    await asyncio.sleep(1)
    listener.offer("change 8", 8)
    await asyncio.sleep(1)
    writing.cancel()
    assert sent == ["history", "change 6", "change 7", "an answer", "change 8"]


async def test_a_history_is_not_kept_once_it_is_sent(clock: VirtualClock) -> None:
    class Text(str):
        """One that can be watched."""

    async def send(text: str) -> None:
        pass

    history = Text("fifty long messages")
    kept = weakref.ref(history)
    writing = asyncio.create_task(Listener().write(send, history, known=5))
    del history
    await asyncio.sleep(1)
    assert kept() is None
    writing.cancel()


async def test_one_who_takes_nothing_is_given_up_in_time(clock: VirtualClock) -> None:
    async def send(text: str) -> None:
        await asyncio.sleep(3600)

    began = clock.time()
    with pytest.raises(Ending) as ending:
        await Listener().write(send, "history", known=0)
    assert ending.value.code is Close.TRY_AGAIN
    assert clock.time() - began == pytest.approx(SEND_SECONDS)


async def test_only_so_much_waits(clock: VirtualClock) -> None:
    listener = Listener()
    for change in range(MOST_WAITING):
        listener.offer("x", change + 1)
    assert not listener.ended.done()
    for _ in range(3):
        listener.offer("too much")
    assert (await listener.ended).code is Close.TRY_AGAIN
    assert len(listener._waiting) == MOST_WAITING
