"""What a gateway tells of itself, as plain values: it goes to the other gateways through Redis.

Instants are wall clock, durations are seconds, rates are per second, shares are from 0 to 1.
"""

from msgspec import Struct, field

FORMAT = 1
"""Of a portrait. One with another number was written by another release, and is not read."""


class Spread(Struct, frozen=True):
    """Percentiles of durations; None where nothing was measured."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Series(Struct, frozen=True):
    """The last minutes, a value for each step, oldest first."""

    calls: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    p95: tuple[float | None, ...] = ()


class Error(Struct, frozen=True):
    """A failure, ``times`` in a row from ``first`` to ``last``."""

    kind: str
    reason: str
    detail: str
    first: float
    last: float
    times: int


class TroubleNow(Struct, frozen=True):
    """A source that fails, or did so within the last half minute."""

    reason: str
    detail: str
    since: float
    reason_since: float
    last: float
    failures: int
    recovered: float | None = None


class SourceNow(Struct, frozen=True):
    """A source that was asked for by this gateway."""

    name: str
    upstream: str
    timeout: float
    timeout_setting: str = ""
    fresh: float | None = None
    off: bool = False
    rates: dict[str, float] = field(default_factory=dict)
    """Calls and what became of them, per second over the last minute."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why they were not live or fresh, with how often in the last five minutes."""
    hit_share: float | None = None
    entries: int | None = None
    seconds: Spread = Spread()
    series: Series = Series()
    trouble: TroubleNow | None = None
    errors: tuple[Error, ...] = ()
    shown: str = ""
    """What visitors were last given in its place: stale, fallback or nothing."""
    said_at: float = 0.0
    failing_share: float = 0.0
    """Of the calls of the last minute, those that were not live or fresh."""


class UpstreamNow(Struct, frozen=True):
    """The breaker and the limiter of one upstream."""

    name: str
    address: str
    state: str
    since: float | None
    """When the outage began that it is not closed for."""
    cause: str
    calls: int
    failure_rate: float
    slow_rate: float
    slow_seconds: float
    left_seconds: float
    probing: bool
    limit: int
    running: int
    waiting: int


class DoorNow(Struct, frozen=True):
    """How many visitors are inside, may be, and are turned away a second."""

    limit: int = 0
    inside: int = 0
    refused: float = 0.0
    late: float = 0.0


class PagesNow(Struct, frozen=True):
    """Pages of the last minute, and how long they took in the last five."""

    rate: float = 0.0
    complete_share: float | None = None
    seconds: Spread = Spread()
    series: Series = Series()


class Portrait(Struct, frozen=True):
    """One gateway at one instant."""

    id: str
    at: float
    began: float
    host: str
    process: int
    state: str
    version: str
    commit: str
    python: str
    django: str
    memory_bytes: int
    tasks: int
    latest_change: int
    switches_as_of: float
    switches_problem: str
    cache_failures: dict[str, int]
    """Operations that Redis did not do in the last minute, by reason."""
    door: DoorNow
    pages: PagesNow
    upstreams: tuple[UpstreamNow, ...]
    sources: tuple[SourceNow, ...]
    format: int = FORMAT
