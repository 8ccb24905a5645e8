"""Visitors who go away, who are slow, or who come in with more than we take."""

import socket
import struct
import time
from collections.abc import Callable

import psycopg
import pytest

from deploy.local.process import wait_until
from tests.faults.promises import MOST_MEGABYTES, TRIES
from tests.faults.raw import connected, request, said_to
from tests.faults.slow_visitors import slow_visitors
from tests.faults.stand import Memory, Stand
from tests.faults.test_postgres import locked
from tests.faults.trial import misbehaving
from tests.live import Shop

STOPS_SECONDS = 0.1
WATCHED_SECONDS = 2.0
LOOK_SECONDS = 0.002
SLOW_VISITORS = 500
PAGES = 100
CAP_BYTES = 1_048_576
"""MAX_BODY_BYTES, as it is if nobody sets it."""


def _becomes(check: Callable[[], bool]) -> float:
    """Return the seconds until ``check`` is true; infinitely many if it does not become so."""
    started = time.monotonic()
    if wait_until(check, WATCHED_SECONDS, lambda _: time.sleep(LOOK_SECONDS)):
        return time.monotonic() - started
    return float("inf")


def _leave(visitor: socket.socket, *, reset: bool) -> None:
    if reset:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visitor.close()


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
def test_work_for_a_visitor_who_is_gone_stops_at_once(stand: Stand, reset: bool) -> None:
    """Seen from the upstream: its connection is closed long before its time is over."""
    took = []
    with misbehaving(stand, "hangs", "promo"):
        for _ in range(TRIES):
            with connected(stand.gateway.port) as visitor:
                visitor.sendall(request("/"))
                assert _becomes(lambda: stand.upstreams.open("promo") >= 1) < WATCHED_SECONDS
                _leave(visitor, reset=reset)
                took.append(_becomes(lambda: stand.upstreams.open("promo") == 0))
    assert min(took) < STOPS_SECONDS


def test_a_query_for_a_visitor_who_is_gone_stops_in_postgres(stand: Stand, shop: Shop) -> None:
    took = []
    with locked(shop), psycopg.connect(shop.environment["DATABASE_URL"]) as operator:
        operator.autocommit = True
        for _ in range(TRIES):
            with connected(stand.gateway.port) as visitor:
                visitor.sendall(request("/"))
                assert _becomes(lambda: _waiting(operator) == 1) < WATCHED_SECONDS
                visitor.close()
                took.append(_becomes(lambda: _waiting(operator) == 0))
    assert min(took) < STOPS_SECONDS


def test_a_visitor_who_is_gone_is_no_failure_of_a_source(stand: Stand) -> None:
    def failures() -> float:
        calls = "gateway_source_calls_total"
        return sum(
            stand.counted(calls, source="promo", state=state) for state in ("fallback", "failed")
        )

    def abandoned() -> float:
        return stand.counted("gateway_source_calls_total", source="promo", state="abandoned")

    before, given_up = failures(), abandoned()
    with misbehaving(stand, "hangs", "promo"):
        for _ in range(20):
            with connected(stand.gateway.port) as visitor:
                visitor.sendall(request("/"))
                assert _becomes(lambda: stand.upstreams.open("promo") >= 1) < WATCHED_SECONDS
            _becomes(lambda: stand.upstreams.open("promo") == 0)
    assert abandoned() >= given_up + 15
    assert failures() <= before + 5
    assert stand.stranger.complete()


def test_slow_visitors_do_not_slow_the_others(stand: Stand) -> None:
    """Measured side by side, three times; the machine may be busy with other things in two."""
    ratios = []
    for _ in range(TRIES):
        alone = _p99_seconds(stand)
        with slow_visitors(stand.gateway.port, SLOW_VISITORS):
            beside = _p99_seconds(stand)
        ratios.append(beside / alone)
        if ratios[-1] < 2:
            break
    assert min(ratios) < 2


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_above_the_cap_gets_413_and_takes_no_memory(stand: Stand, chunked: bool) -> None:
    memory = Memory(stand.gateway.pid)
    for path in ("/", "/signin/"):
        (answer,) = said_to(stand.gateway.port, _too_large(path, chunked=chunked))
        assert answer.status == 413
        assert b"larger than this server takes" in answer.body
    assert memory.grown() < MOST_MEGABYTES


def test_a_body_of_the_cap_is_taken(stand: Stand) -> None:
    data = request("/", f"Content-Length: {CAP_BYTES}", method="POST") + bytes(CAP_BYTES)
    (answer,) = said_to(stand.gateway.port, data)
    assert answer.status == 405


def _too_large(path: str, *, chunked: bool) -> bytes:
    if not chunked:
        head = request(path, f"Content-Length: {CAP_BYTES + 1}", method="POST")
        return head + bytes(CAP_BYTES + 1)
    block = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    return request(path, "Transfer-Encoding: chunked", method="POST") + block * 17


def _p99_seconds(stand: Stand) -> float:
    took = sorted(stand.stranger.ask().seconds for _ in range(PAGES))
    return took[int(PAGES * 0.99) - 1]


def _waiting(operator: psycopg.Connection) -> int:
    found = operator.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    assert found
    return int(found[0])
