"""The doorman: whom he turns away, whom he holds, and who never hears of him."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest

from gateway.server.counter import AWAITED
from gateway.server.doorman import AT_ONCE, Doorman
from gateway.server.guests import note
from gateway.server.porch import Porch
from gateway.server.turns import ROUND_SECONDS
from gateway.web.admission import BREATH_SECONDS
from gateway.web.facts import ARRIVED, IS_THERE
from gateway.web.handler import Handler
from gateway.web.ready import LONGEST_WAIT_SECONDS
from gateway.web.refusals import refusal
from tests.fakes import VirtualClock
from tests.unit.server.fake_guest import FakeGuest

PLAIN = b"GET /native HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /native HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
NOT_BEHIND_THE_DOOR = b"GET /sync HTTP/1.1\r\nHost: x\r\n\r\n"
NOT_PLAIN = b"POST /native HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Full:
    """Whether the door is full, as the test wants it."""

    def __init__(self) -> None:
        self.is_so = True


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Full:
    """The switch."""
    switch = Full()
    monkeypatch.setattr("gateway.web.admission.Door.full", property(lambda _: switch.is_so))
    return switch


@pytest.fixture
def doorman(clock: VirtualClock, full: Full, settings: Any) -> Doorman:
    """The doorman of a gateway with the tests' own views."""
    settings.ROOT_URLCONF = "tests.unit.web.views"
    return Doorman(Handler(), clock.time)


async def test_a_plain_request_for_a_page_is_refused(doorman: Doorman) -> None:
    guest = FakeGuest()
    assert doorman.turns_away(guest, PLAIN)
    ((answer, last),) = guest.answers
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert answer.endswith(b"\r\n\r\n" + refusal("/").body)
    assert not last


@pytest.mark.parametrize("data", [NOT_BEHIND_THE_DOOR, NOT_PLAIN, PLAIN + PLAIN, PLAIN[:-1], b""])
async def test_everything_else_goes_on(doorman: Doorman, data: bytes) -> None:
    guest = FakeGuest()
    assert not doorman.turns_away(guest, data)
    assert not guest.answers
    assert not guest.held


async def test_he_is_needed_only_while_it_is_full(doorman: Doorman, full: Full) -> None:
    assert doorman.is_needed
    full.is_so = False
    assert not doorman.is_needed


@pytest.mark.parametrize(("data", "ends"), [(PLAIN, False), (PLAIN, True), (LAST, False)])
async def test_the_last_answer_says_so(doorman: Doorman, data: bytes, ends: bool) -> None:
    """The last is what the visitor wants to be it, and all when the server ends."""
    guest = FakeGuest()
    guest.is_last = ends
    doorman.turns_away(guest, data)
    ((answer, last),) = guest.answers
    assert last is (ends or data is LAST)
    assert (b"\r\nConnection: close\r\n" in answer) is last


async def test_every_answer_has_a_name_of_its_own(doorman: Doorman) -> None:
    guest = FakeGuest()
    for _ in range(3):
        doorman.turns_away(guest, PLAIN)
    assert len({answer for answer, _ in guest.answers}) == 3


async def test_who_asks_again_at_once_in_a_flood_is_held_for_a_breath(
    clock: VirtualClock, doorman: Doorman
) -> None:
    crowd = [FakeGuest() for _ in range(AT_ONCE)]
    assert all(doorman.turns_away(guest, PLAIN) for guest in crowd)
    impatient, newcomer = crowd[0], FakeGuest()
    assert doorman.turns_away(impatient, PLAIN)
    assert doorman.turns_away(newcomer, PLAIN)
    assert impatient.held == PLAIN
    assert len(newcomer.answers) == 1, "who has not been refused is told at once"
    assert (impatient.went_on, len(impatient.answers)) == (0, 1)
    await asyncio.sleep(BREATH_SECONDS + 2 * ROUND_SECONDS)
    assert impatient.went_on == 1


async def test_few_who_ask_again_at_once_are_told_at_once(doorman: Doorman) -> None:
    guest = FakeGuest()
    assert all(doorman.turns_away(guest, PLAIN) for _ in range(AT_ONCE))
    assert len(guest.answers) == AT_ONCE


async def test_one_who_comes_and_goes_is_answered_at_once(doorman: Doorman) -> None:
    answer = doorman.answers_at_once(LAST)
    assert answer
    assert b"\r\nConnection: close\r\n" in answer


async def test_one_who_may_ask_again_keeps_his_connection_unless_there_is_a_flood(
    doorman: Doorman,
) -> None:
    found = [doorman.answers_at_once(PLAIN) for _ in range(AT_ONCE + 1)]
    assert found[:-1] == [None] * AT_ONCE
    assert found[-1]
    assert b"\r\nConnection: close\r\n" in found[-1]


@pytest.fixture
def porch(doorman: Doorman) -> Iterator[Porch]:
    """A listening socket with the doorman before it."""
    with Porch(socket.create_server(("127.0.0.1", 0)), doorman) as porch:
        yield porch


def came(porch: Porch, data: bytes) -> socket.socket:
    """A visitor who has come, and has sent ``data``."""
    visitor = socket.create_connection(porch.getsockname(), timeout=5.0)
    visitor.sendall(data)
    return visitor


async def test_on_the_porch_who_is_unwelcome_is_answered_and_left(porch: Porch) -> None:
    with came(porch, LAST) as visitor:
        with pytest.raises(BlockingIOError):
            porch.accept()
        answer = b"".join(iter(lambda: visitor.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(refusal("/").body)


@pytest.mark.parametrize("data", [NOT_BEHIND_THE_DOOR, NOT_PLAIN, LAST[:-1], b""])
async def test_on_the_porch_everybody_else_is_let_on_with_all_he_said(
    porch: Porch, data: bytes
) -> None:
    with came(porch, data), porch.accept()[0] as let_on:
        let_on.setblocking(False)
        assert (let_on.recv(65_536) if data else b"") == data


async def test_on_an_open_porch_nobody_is_looked_at(porch: Porch, full: Full) -> None:
    full.is_so = False
    with came(porch, LAST), porch.accept()[0] as let_on:
        assert let_on.recv(65_536) == LAST


async def test_in_a_flood_the_porch_holds_for_a_breath_too(
    clock: VirtualClock, porch: Porch
) -> None:
    visitors = [came(porch, LAST) for _ in range(AT_ONCE + 1)]
    with pytest.raises(BlockingIOError):
        porch.accept()
    last = visitors[-1]
    last.setblocking(False)
    with pytest.raises(BlockingIOError):
        last.recv(65_536)
    await asyncio.sleep(BREATH_SECONDS + 2 * ROUND_SECONDS)
    for visitor in visitors:
        assert visitor.recv(65_536).startswith(b"HTTP/1.1 503 ")
        visitor.close()


async def test_a_visitor_who_is_gone_already_harms_nobody(porch: Porch) -> None:
    gone = came(porch, LAST)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gone.close()  # a reset
    with came(porch, LAST) as visitor:
        with pytest.raises(BlockingIOError):
            porch.accept()
        assert visitor.recv(65_536).startswith(b"HTTP/1.1 503 ")


class Awaiting:
    """A counter whose page is always about to be there."""

    has_any = True

    def answer_to(self, data: bytes, last: bool) -> Any:
        return AWAITED


async def test_who_has_waited_enough_for_a_page_goes_on_and_his_time_has_run(
    clock: VirtualClock, doorman: Doorman, full: Full
) -> None:
    full.is_so = False
    doorman.counter = cast(Any, Awaiting())
    guest, came = FakeGuest(), clock.time()
    assert doorman.deals_with(guest, PLAIN)
    assert guest.held == PLAIN
    await asyncio.sleep(2 * ROUND_SECONDS)
    assert guest.went_on == 1
    assert doorman.deals_with(guest, guest.held), "he goes on waiting"
    await asyncio.sleep(LONGEST_WAIT_SECONDS)
    assert not doorman.deals_with(guest, guest.held)
    scope: dict[str, Any] = {"method": "GET"}
    note(guest, scope)
    assert scope == {"method": "GET", ARRIVED: came, IS_THERE: guest.is_there}
    assert guest.came is None


async def test_the_time_of_who_sends_a_body_is_his_own(doorman: Doorman) -> None:
    guest = FakeGuest()
    scope: dict[str, Any] = {"method": "POST"}
    guest.came = 1.0
    note(guest, scope)
    assert ARRIVED not in scope
    assert guest.came is None


async def test_who_is_let_on_counts_until_he_is_there(
    clock: VirtualClock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = "tests.unit.web.views"
    handler = Handler()
    monkeypatch.setattr("gateway.web.admission.Door.limit", 3)
    doorman = Doorman(handler, clock.time)
    for _ in range(3):
        assert not doorman.is_needed
        assert not doorman.deals_with(FakeGuest(), PLAIN)
    assert doorman.is_needed
    await asyncio.sleep(0)
    assert not doorman.is_needed
