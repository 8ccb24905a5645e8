"""Portraits of gateways for tests: well, unless something is said to be otherwise."""

from typing import Any

from msgspec.structs import replace

from gateway.ops.live.model import DoorNow, PagesNow, Portrait, SourceNow, TroubleNow, UpstreamNow

NOW = 1_795_000_000.0


def gateway(**changes: Any) -> Portrait:
    """A gateway that is well and has asked promo."""
    well = Portrait(
        id="one",
        at=NOW,
        began=NOW - 3600,
        host="one",
        process=7,
        state="ready",
        version="0.1.0",
        commit="abc",
        python="3.11",
        django="5.2",
        memory_bytes=100_000_000,
        tasks=12,
        latest_change=3,
        switches_as_of=NOW,
        switches_problem="",
        cache_failures={},
        door=DoorNow(limit=256),
        pages=PagesNow(),
        upstreams=(upstream(),),
        sources=(source(),),
    )
    return replace(well, **changes)


def upstream(**changes: Any) -> UpstreamNow:
    """The upstream of promo, closed and idle."""
    well = UpstreamNow(
        name="PROMO_SERVICE_URL",
        address="http://promo:8001",
        state="closed",
        since=None,
        cause="",
        calls=20,
        failure_rate=0.0,
        slow_rate=0.0,
        slow_seconds=0.36,
        left_seconds=0.0,
        probing=False,
        limit=20,
        running=0,
        waiting=0,
    )
    return replace(well, **changes)


def source(name: str = "promo", **changes: Any) -> SourceNow:
    """A source that is well."""
    return replace(
        SourceNow(
            name=name,
            upstream="PROMO_SERVICE_URL",
            timeout=0.4,
            timeout_setting="PROMO_TIMEOUT_SECONDS",
        ),
        **changes,
    )


def trouble(reason: str = "refused", **changes: Any) -> TroubleNow:
    """A trouble that began a minute ago and is not over."""
    now = TroubleNow(reason, "ConnectionRefusedError", NOW - 60, NOW - 60, NOW - 1, 12)
    return replace(now, **changes)
