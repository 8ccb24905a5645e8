"""How a gateway ends: nobody who was let in loses his answer."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.process import wait_until
from tests.live import Server, Shop
from tests.server.wire import Answer, BrokenAnswer, ClosedUnanswered, Connection, head

VISITORS = 50
# So that nobody is turned away for being one too many where the machine is slow.
PATIENT = {"PAGE_BUDGET_SECONDS": "10"}
NOTICE_SECONDS = 0.6
DRAIN_SECONDS = 6.0
# The machine that runs the tests may be slow; without draining a request would be lost at once.
SLACK_SECONDS = 6.0
BUSY_ANSWERS = 150
# Much longer than it waits where it believes that all is done.
LONG_ENOUGH_SECONDS = 1.2
LARGE_BYTES = 20_000_000


@dataclass
class Ledger:
    """What became of all requests.

    A request is lost if its connection ended within the answer, or before it on a new connection.
    On a connection that was used before, an end without a single byte is no loss: that may happen
    to anybody, and a client sends the request again (RFC 9112, 9.3.1); such are counted apart.
    """

    answered: int = 0
    again: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)


async def visit(gateway: Server, ledger: Ledger, no_more: asyncio.Event) -> None:
    """Ask again and again; once told that nobody new should come, to the connection's end alone.

    This is what a load balancer does that heeds /readyz.
    """
    while not no_more.is_set():
        async with Connection(gateway.url) as connection:
            while await asked(connection, ledger):
                pass


async def visit_until_refused(gateway: Server, ledger: Ledger, never: asyncio.Event) -> None:
    """Ask again and again, with new connections too, until there is nobody any more."""
    with contextlib.suppress(ConnectionRefusedError):
        try:
            await visit(gateway, ledger, never)
        except ConnectionResetError:
            ledger.lost.append("a new connection was reset before it was one")


async def asked(connection: Connection, ledger: Ledger) -> bool:
    """Ask for a page and keep count; whether the connection can be used again."""
    try:
        answer = await connection.get("/")
    except ClosedUnanswered:
        if connection.asked:
            ledger.again += 1
        else:
            ledger.lost.append("a new connection ended without an answer")
        return False
    except (BrokenAnswer, TimeoutError) as error:
        ledger.lost.append(repr(error))
        return False
    ledger.answered += 1
    if answer.status != 200:
        ledger.wrong.append(answer.status)
    return not answer.closes


async def readiness(gateway: Server) -> Answer:
    async with Connection(gateway.url) as connection:
        return await connection.get("/readyz")


async def told_to_leave(gateway: Server, no_more: asyncio.Event) -> None:
    """Return when /readyz says 503, and tell the visitors."""
    while (await readiness(gateway)).status == 200:
        await asyncio.sleep(0.01)
    no_more.set()


async def test_nobody_loses_a_request_when_it_is_told_to_end(shop: Shop, server: str) -> None:
    times = {"NOTICE_SECONDS": str(NOTICE_SECONDS), "DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with shop.another_gateway(**times, **PATIENT, SERVER=server) as gateway:
        assert (await readiness(gateway)).status == 200
        ledger, no_more = Ledger(), asyncio.Event()
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for _ in range(VISITORS):
                group.create_task(visit(gateway, ledger, no_more))
            while ledger.answered < BUSY_ANSWERS:
                await asyncio.sleep(0.01)
            before = ledger.answered
            gateway.signal(signal.SIGTERM)
            told = time.monotonic()
            await told_to_leave(gateway, no_more)
        code = await asyncio.to_thread(gateway.wait)
        seconds = time.monotonic() - told
    assert ledger.lost == []
    assert ledger.wrong == []
    assert ledger.answered > before, "nobody was there when it ended"
    assert code == 0
    assert NOTICE_SECONDS < seconds < NOTICE_SECONDS + DRAIN_SECONDS + SLACK_SECONDS


async def test_nobody_who_was_let_in_is_lost_where_nobody_heeds_readiness(
    shop: Shop, server: str
) -> None:
    """Its door closes at once here: what comes later is refused, and goes to another gateway."""
    times = {"DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with shop.another_gateway(**times, **PATIENT, SERVER=server) as gateway:
        ledger, never = Ledger(), asyncio.Event()
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for _ in range(VISITORS):
                group.create_task(visit_until_refused(gateway, ledger, never))
            while ledger.answered < BUSY_ANSWERS:
                await asyncio.sleep(0.01)
            gateway.signal(signal.SIGTERM)
        told = time.monotonic()
        assert await asyncio.to_thread(gateway.wait) == 0
    # Between the last look at the queue and the closing of the door, one may slip in and be lost.
    assert len(ledger.lost) <= 1, ledger.lost
    assert ledger.wrong == []
    assert time.monotonic() - told < DRAIN_SECONDS


async def test_while_it_gives_notice_it_answers_and_says_that_it_ends(
    shop: Shop, server: str
) -> None:
    with shop.another_gateway(SERVER=server, NOTICE_SECONDS="30") as gateway:
        gateway.signal(signal.SIGTERM)
        async with asyncio.timeout(SLACK_SECONDS):
            while (answer := await readiness(gateway)).status == 200:
                await asyncio.sleep(0.01)
        assert answer.status == 503
        assert b'"draining"' in answer.body
        async with Connection(gateway.url) as connection:
            assert (await connection.get("/")).status == 200
            assert (await connection.get("/livez")).status == 200
        gateway.signal(signal.SIGTERM)  # told twice: whoever asks is in a hurry
        told = time.monotonic()
        assert await asyncio.to_thread(gateway.wait) == 0
        assert time.monotonic() - told < SLACK_SECONDS


async def test_a_request_that_is_only_half_there_is_waited_for(shop: Shop, server: str) -> None:
    with shop.another_gateway(SERVER=server, DRAIN_SECONDS="20") as gateway:
        async with Connection(gateway.url) as half, Connection(gateway.url) as other:
            await half.send(head("POST", "/", "Content-Length: 10") + b"12345")
            # Answered after it was received, so that the gateway has seen the half by now.
            await other.get("/livez")
            gateway.signal(signal.SIGTERM)
            assert await asyncio.to_thread(waits_behind_its_door, gateway)
            await half.send(b"67890")
            answer = await half.answer()
            assert answer.status == 405
            assert answer.closes
        assert await asyncio.to_thread(gateway.wait) == 0


async def test_an_answer_that_is_taken_in_slowly_is_sent_to_its_end(
    shop: Shop, server: str, tmp_path: Path
) -> None:
    shutil.copytree(shop.environment["STATIC_ROOT"], tmp_path, dirs_exist_ok=True)
    (tmp_path / "large.bin").write_bytes(bytes(LARGE_BYTES))
    with shop.another_gateway(
        SERVER=server, DRAIN_SECONDS="20", STATIC_ROOT=str(tmp_path)
    ) as gateway:
        with socket.socket() as slow:
            # So little room that the answer waits in the gateway until somebody reads.
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(SLACK_SECONDS)
            slow.connect(("127.0.0.1", gateway.port))
            slow.sendall(head("GET", "/static/large.bin"))
            received = len(slow.recv(1))
            gateway.signal(signal.SIGTERM)
            assert await asyncio.to_thread(waits_behind_its_door, gateway)
            while block := slow.recv(65_536):
                received += len(block)
        assert received > LARGE_BYTES
        assert await asyncio.to_thread(gateway.wait) == 0


def waits_behind_its_door(gateway: Server) -> bool:
    """Whether it takes nobody in any more, and still does not end: somebody is not done."""
    closed = wait_until(lambda: not accepts(gateway), SLACK_SECONDS)
    return closed and not wait_until(lambda: not gateway.running(), LONG_ENOUGH_SECONDS)


def accepts(gateway: Server) -> bool:
    """Whether it still takes connections."""
    try:
        with socket.create_connection(("127.0.0.1", gateway.port), 1.0):
            return True
    except OSError:
        return False


def test_a_port_that_is_taken_is_told_in_one_sentence(shop: Shop, server: str) -> None:
    taken = shop.new_gateway(SERVER=server)
    taken.port = shop.gateway.port
    taken.launch()
    try:
        assert taken.wait() == 1
    finally:
        taken.stop()
    told = [line for line in taken.said().splitlines() if not line.startswith("{")]
    assert len(told) == 1, taken.said()
    assert f"port {shop.gateway.port}" in told[0]
    assert "GATEWAY_PORT" in told[0]
    assert "Traceback" not in taken.said()


def test_it_holds_nothing_when_it_has_ended(shop: Shop, server: str) -> None:
    with shop.another_gateway(SERVER=server) as gateway:
        assert os.getpgid(gateway.pid) == gateway.pid
        gateway.signal(signal.SIGINT)
        assert gateway.wait() == 0
        assert "gateway.ended" in gateway.said()
        assert "Traceback" not in gateway.said()
        assert "was never" not in gateway.said()
