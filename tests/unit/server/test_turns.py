"""Turns: how many are looked at at once, and in which order the others are told to go on."""

import asyncio

from gateway.server.turns import A_TURN, ROUND_SECONDS, Held, Turns
from tests.fakes import VirtualClock
from tests.unit.server.fake_guest import FakeGuest

PLAIN = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_in_one_turn_so_many_are_looked_at_and_the_rest_in_the_next(
    clock: VirtualClock,
) -> None:
    """Else those who ask without a pause would never let the loop come to anything else."""
    turns = Turns(clock.time)
    crowd = [FakeGuest() for _ in range(A_TURN + 2)]
    looked_at = [turns.has_time_for(guest, PLAIN) for guest in crowd]
    assert looked_at == [True] * A_TURN + [False] * 2
    assert [guest.held for guest in crowd[-2:]] == [PLAIN] * 2
    await asyncio.sleep(0)
    assert [guest.went_on for guest in crowd[-2:]] == [1, 1]
    assert turns.has_time_for(FakeGuest(), PLAIN)


async def test_the_time_of_those_who_wait_runs(clock: VirtualClock) -> None:
    turns, last, came = Turns(clock.time), FakeGuest(), clock.time()
    for guest in (*(FakeGuest() for _ in range(A_TURN)), last):
        turns.has_time_for(guest, PLAIN)
    assert last.came == came


async def test_those_who_are_held_go_on_in_their_order_and_together(clock: VirtualClock) -> None:
    told: list[str] = []
    held, now = Held(clock.time), clock.time()
    held.hold(now + 2.5 * ROUND_SECONDS, lambda: told.append("first"))
    held.hold(now, lambda: told.append("second"))
    assert len(held) == 2
    await asyncio.sleep(2.2 * ROUND_SECONDS)
    assert told == [], "nobody overtakes"
    await asyncio.sleep(ROUND_SECONDS)
    assert told == ["first", "second"]
    assert len(held) == 0
