"""Fault by source: Redis. A cache that fails is a cache that is empty: the page stays whole."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import msgspec
import pytest
import redis

from deploy.local.process import wait_until
from deploy.local.redis import EmbeddedRedis
from tests.faults.behaviours import spoiled
from tests.faults.page import FRAGMENTS, Page
from tests.faults.promises import (
    PAGE_SECONDS,
    RECOVERY_SECONDS,
    SLACK_SECONDS,
    TRIES,
    broken_by,
)
from tests.faults.stand import PATIENCE_SECONDS, Stand
from tests.faults.trial import Expected, live_through, note
from tests.toxics import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

FAILURES = "gateway_cache_failures_total"
VISITORS = 4
PAGES_UNDER_LOAD = 60
HUGE_BYTES = 4 * 1024 * 1024
PAUSE_MS = 1_000
SOON_SECONDS = 2.0
READS = ("GET", "MGET", "HGET")
READS_AND_WRITES = (*READS, "SET", "PSETEX", "HSET")

TOXICS: dict[str, tuple[Toxic, ...]] = {
    "is not there": (Down(),),
    "hangs": (Timeout(), Timeout(direction=Direction.UPSTREAM)),
    "hangs up late": (Timeout(seconds=0.05),),
    "is slow": (Latency(seconds=1.0, jitter_seconds=0.5),),
    "trickles": (Bandwidth(bytes_per_second=10),),
    "closes in the middle": (LimitData(most_bytes=3),),
    "closes before a word": (LimitData(most_bytes=0),),
    "resets": (ResetPeer(),),
    "hears nothing": (Timeout(direction=Direction.UPSTREAM),),
}
HARMLESS: dict[str, Toxic] = {
    "comes in slices": Slicer(average_bytes=10, variation_bytes=9),
    "closes slowly": SlowClose(seconds=1.0),
    "is a little slow": Latency(seconds=0.01, jitter_seconds=0.01),
}


@pytest.fixture
def operator(redis_server: EmbeddedRedis) -> Iterator[redis.Redis]:
    """Somebody who may do anything in Redis, on a way of his own."""
    with redis.Redis.from_url(redis_server.url, socket_timeout=PATIENCE_SECONDS) as client:
        yield client


def _whole_during(
    stand: Stand, title: str, fault: AbstractContextManager[None], *, counted: bool = True
) -> None:
    expected = Expected(fault=f"Redis {title}")
    fault = _until_counted(stand, fault) if counted else fault
    live_through(stand, stand.stranger, fault, expected)


@contextmanager
def _until_counted(stand: Stand, fault: AbstractContextManager[None]) -> Iterator[None]:
    """Let ``fault`` last until it is counted, and see that no page is late meanwhile."""
    before = stand.counted(FAILURES)
    pages: list[Page] = []

    def counted() -> bool:
        pages.append(stand.stranger.ask())
        return stand.counted(FAILURES) > before

    with fault:
        yield
        assert wait_until(counted, PATIENCE_SECONDS), "/metrics counts no failure of the cache"
    late = [page.seconds for page in pages if page.seconds > PAGE_SECONDS]
    assert len(late) < TRIES, f"pages were late while Redis failed: {late}"
    for page in pages:
        assert page.complete


@pytest.mark.parametrize("how", TOXICS)
def test_a_redis_that_cannot_be_reached_well_costs_no_fragment(
    cached_stand: Stand, how: str
) -> None:
    _whole_during(cached_stand, how, cached_stand.redis.poisoned(*TOXICS[how]))


@pytest.mark.parametrize("how", HARMLESS)
def test_a_redis_that_is_only_slow_costs_nothing(cached_stand: Stand, how: str) -> None:
    fault = cached_stand.redis.poisoned(HARMLESS[how])
    _whole_during(cached_stand, how, fault, counted=False)


@pytest.mark.parametrize("fault", ["read-only", "out of memory", "paused", "wants a password"])
def test_a_redis_that_refuses_to_work_costs_no_fragment(
    cached_stand: Stand, operator: redis.Redis, fault: str
) -> None:
    _whole_during(cached_stand, f"is {fault}", _UNWILLING[fault](operator))


def test_connections_that_redis_has_dropped_cost_no_fragment(
    cached_stand: Stand, operator: redis.Redis
) -> None:
    @contextmanager
    def dropped() -> Iterator[None]:
        operator.client_kill_filter(_type="normal", skipme=True)
        yield

    _whole_during(cached_stand, "drops connections", dropped(), counted=False)


def test_a_redis_that_is_flushed_under_load_costs_no_fragment(
    cached_stand: Stand, operator: redis.Redis
) -> None:
    def asked(number: int) -> Page:
        if number % 3 == 0:
            operator.flushall()
        return cached_stand.stranger.ask()

    with ThreadPoolExecutor(VISITORS) as visitors:
        pages = list(visitors.map(asked, range(PAGES_UNDER_LOAD)))
    slowest = max(pages, key=lambda page: page.seconds)
    note("Redis is flushed under load", slowest, "complete")
    incomplete = [page.marks for page in pages if not page.complete]
    assert not incomplete
    late = [page.seconds for page in pages if page.seconds > PAGE_SECONDS]
    assert len(late) < TRIES


def _entry(kind: int, stored_at: float, fresh_until: float, value: object) -> bytes:
    return msgspec.msgpack.encode([kind, stored_at, fresh_until, value])


_CANARIES = spoiled("promo", headline="canary")
_NOW = time.time()
POISONS: dict[str, bytes] = {
    "nothing": b"",
    "garbage": b"\xc1canary\x00\xff" * 10,
    "JSON": msgspec.json.encode(_CANARIES),
    "a pickle": b"cos\nsystem\n(S'echo canary'\ntR.",
    "half an entry": _entry(1, _NOW, _NOW + 3600, _CANARIES)[:-20],
    "another format": _entry(99, _NOW, _NOW + 3600, _CANARIES),
    "another payload": _entry(1, _NOW, _NOW + 3600, {"canary": True}),
    "no times": _entry(1, float("nan"), float("inf"), _CANARIES),
    "times of the future": _entry(1, _NOW + 3600, _NOW + 7200, _CANARIES),
    "times of the past": _entry(1, _NOW - 7200, _NOW - 3600, _CANARIES),
    "deep nesting": b"\x91" * 100_000 + b"\x90",
    "a length that lies": b"\xdd\xff\xff\xff\xff",
    "very much": b"\xc6\x00\x40\x00\x00" + b"c" * HUGE_BYTES,
}


@pytest.mark.parametrize("what", [*POISONS, "a list"])
def test_a_poisoned_entry_is_never_shown(
    cached_stand: Stand, operator: redis.Redis, what: str
) -> None:
    keys = _keys(cached_stand, operator)

    @contextmanager
    def poisoned() -> Iterator[None]:
        read_before = _reads(operator)
        for key in keys:
            operator.delete(key)
            if what in POISONS:
                operator.set(key, POISONS[what])
            else:
                operator.rpush(key, "canary")
        yield
        asked = _asked_until(cached_stand, lambda: _reads(operator) > read_before)
        assert asked, "an expired entry in memory hides what Redis has"

    _whole_during(cached_stand, f"holds {what}", poisoned(), counted=False)


def test_everything_down_at_once_leaves_a_page(cached_stand: Stand) -> None:
    stand = cached_stand
    hangs = (Timeout(), Timeout(direction=Direction.UPSTREAM))
    for name in ("promo", "recco"):
        stand.upstreams.behave(name, "hangs")
    with stand.postgres.poisoned(*hangs), stand.redis.poisoned(*hangs):
        pages = [stand.member.ask() for _ in range(TRIES)]
    stand.upstreams.well()
    back_seconds = stand.back_after(stand.member, PATIENCE_SECONDS)
    page = min(pages, key=lambda page: page.seconds)
    note("everything hangs at once", page, "all missing", back_seconds=back_seconds)
    missing = {name: stand.member.missing.get(name, "") for name in FRAGMENTS}
    assert not list(broken_by(page, stand.member.whole, missing, cached=True))
    assert back_seconds is not None
    assert back_seconds < RECOVERY_SECONDS + SLACK_SECONDS


def _asked_until(stand: Stand, check: Callable[[], bool]) -> bool:
    """Ask for the page, which must be whole each time, until ``check`` is true."""

    def asked() -> bool:
        page = stand.stranger.ask()
        assert page.complete
        assert page.parts == stand.stranger.whole.parts
        return check()

    return wait_until(asked, SOON_SECONDS)


def _keys(stand: Stand, operator: redis.Redis) -> set[bytes]:
    """Return the keys that the entries of a page lie under."""
    keys: set[bytes] = set()
    with operator.monitor() as monitor:
        stand.stranger.ask()
        while len(keys) < 2:
            command = monitor.next_command()["command"].split()
            if command[0].upper().startswith(READS_AND_WRITES):
                keys.add(command[1].encode())
    return keys


def _reads(operator: redis.Redis) -> int:
    """Return how often anybody has read an entry."""
    counted = operator.info("commandstats")
    return sum(
        int(each["calls"])
        for name, each in counted.items()
        if name.removeprefix("cmdstat_").upper().startswith(READS)
    )


@contextmanager
def _read_only(operator: redis.Redis) -> Iterator[None]:
    operator.replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        operator.replicaof("NO", "ONE")


@contextmanager
def _out_of_memory(operator: redis.Redis) -> Iterator[None]:
    before = operator.config_get("maxmemory*")
    operator.config_set("maxmemory-policy", "noeviction")
    operator.config_set("maxmemory", 1)
    try:
        yield
    finally:
        for name in ("maxmemory", "maxmemory-policy"):
            operator.config_set(name, before[name])


@contextmanager
def _paused(operator: redis.Redis) -> Iterator[None]:
    operator.client_pause(PAUSE_MS)
    yield
    # Held back like everybody's commands: it returns when the pause is over.
    operator.ping()


@contextmanager
def _wants_a_password(operator: redis.Redis) -> Iterator[None]:
    operator.config_set("requirepass", "canary")
    operator.client_kill_filter(_type="normal", skipme=True)
    try:
        yield
    finally:
        operator.config_set("requirepass", "")


_UNWILLING: dict[str, Callable[[redis.Redis], AbstractContextManager[None]]] = {
    "read-only": _read_only,
    "out of memory": _out_of_memory,
    "paused": _paused,
    "wants a password": _wants_a_password,
}
