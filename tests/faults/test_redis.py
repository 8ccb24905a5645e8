"""Fault by source: Redis. A cache that fails is a cache that is empty: the page stays whole."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis

from deploy.local.process import wait_until
from tests.faults.page import FRAGMENTS, Page
from tests.faults.promises import (
    PAGE_SECONDS,
    RECOVERY_SECONDS,
    SLACK_SECONDS,
    TRIES,
    broken_by,
)
from tests.faults.stand import PATIENCE_SECONDS, Stand
from tests.faults.trial import Expected, in_time, live_through, note, outlive_what_is_fresh
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
PAUSE_MS = 1_000

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


def test_everything_down_at_once_leaves_a_page(cached_stand: Stand) -> None:
    stand = cached_stand
    hangs = (Timeout(), Timeout(direction=Direction.UPSTREAM))
    for name in ("promo", "recco"):
        stand.upstreams.behave(name, "hangs")
    with stand.postgres.poisoned(*hangs), stand.redis.poisoned(*hangs):
        outlive_what_is_fresh(stand.member, FRAGMENTS)
        page = in_time(stand.member.ask)
    stand.upstreams.well()
    back_seconds = stand.back_after(stand.member, PATIENCE_SECONDS)
    note("everything hangs at once", page, "all missing", back_seconds=back_seconds)
    missing = {name: stand.member.missing.get(name, "") for name in FRAGMENTS}
    assert not list(broken_by(page, stand.member.whole, missing, cached=True))
    assert back_seconds is not None
    assert back_seconds < RECOVERY_SECONDS + SLACK_SECONDS


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
