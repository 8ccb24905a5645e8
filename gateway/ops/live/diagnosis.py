"""What is wrong, and why, in plain words: read off the portrait of a gateway.

Plain code: nothing is asked of anybody. Each finding has a key that stays the same while the
trouble does, so that whoever has read it is not told again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.ops.live.model import Portrait, SourceNow, UpstreamNow
from gateway.ops.live.presence import SILENT_SECONDS
from gateway.ops.live.reasons import BY_WORD
from gateway.ops.live.wording import ago, clock, listed, milliseconds, per_second, percent
from gateway.sources.inforce import Kind, Switch

MANY_SLOW = 0.2
FEW_CALLS = 10
"""Fewer than this are no share worth a sentence."""

_CAUSES = {
    "failures": "half or more of its calls failed",
    "slowness": "nearly all of its calls were slow",
    "probe": "the call that tried it failed",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` is one line, ``why`` sentences; ``reason`` is a word of the list, or empty."""

    key: str
    what: str
    why: tuple[str, ...]
    reason: str = ""
    bad: bool = True
    do: str = ""


def diagnose(
    told: Portrait, switches: Sequence[Switch], fleet: Sequence[Portrait] = ()
) -> list[Finding]:
    """Return what is wrong with what ``told`` knows, worst first; ``fleet`` are all gateways."""
    return [
        *_troubles(told, switches),
        *_door(told),
        *_stores(told),
        *_slow(told),
        *_switched(told, switches),
        *_fleet(told, fleet),
    ]


def _troubles(told: Portrait, switches: Sequence[Switch]) -> Iterator[Finding]:
    """Give one finding for each upstream and reason: a dead Postgres is one trouble, not eight."""
    groups: dict[tuple[str, str], list[SourceNow]] = {}
    for source in told.sources:
        if source.trouble is not None:
            groups.setdefault((source.upstream, source.trouble.reason), []).append(source)
    upstreams = {each.name: each for each in told.upstreams}
    for (name, reason), sources in groups.items():
        yield _trouble(told, upstreams.get(name), reason, sources, switches)


def _trouble(
    told: Portrait,
    upstream: UpstreamNow | None,
    reason: str,
    sources: list[SourceNow],
    switches: Sequence[Switch],
) -> Finding:
    names = [each.name for each in sources]
    troubles = [each.trouble for each in sources if each.trouble is not None]
    began = min(each.since for each in troubles)
    since, last = min(each.reason_since for each in troubles), max(each.last for each in troubles)
    well = all(each.recovered is not None for each in troubles)
    failures = sum(each.failures for each in troubles)
    recovered = max((each.recovered or 0.0) for each in troubles)
    when = clock(since, told.at)
    what = f"{listed(names)}: {reason} since {when}"
    if well:
        what = (
            f"{listed(names)}: {reason} from {when}, well again since {clock(recovered, told.at)}"
        )
    known = BY_WORD.get(reason)
    detail = next((each.detail for each in troubles if each.detail), "")
    why = [
        *([known.means] if known else []),
        *([f"It is asked at {upstream.address}."] if upstream and upstream.address else []),
        *([f"It said last: {detail}."] if detail else []),
        *([f"It began at {clock(began, told.at)} with another reason."] if began < since else []),
        f"So far {failures} of its calls failed, the latest {ago(told.at - last)} ago.",
        *(_timeouts(sources, switches) if reason == "timeout" else []),
        *_faults(names, switches),
        *(_breaker(upstream, told.at) if upstream else []),
        *([] if well else _seen_by_visitors(sources, told.at)),
    ]
    do = known.do if known and not well else ""
    return Finding(f"{reason} {' '.join(names)}", what, tuple(why), reason, bad=not well, do=do)


def _breaker(upstream: UpstreamNow, now: float) -> Iterator[str]:
    if upstream.state == "closed":
        return
    since = f" since {clock(upstream.since, now)}" if upstream.since else ""
    why = f": {_CAUSES[upstream.cause]}" if upstream.cause in _CAUSES else ""
    if upstream.left_seconds > 0:
        then = f"the next probe is in {upstream.left_seconds:.1f} s"
    else:
        then = "a probe is under way" if upstream.probing else "the next call is a probe"
    yield f"Its breaker is {upstream.state}{since}{why}; {then}."


def _seen_by_visitors(sources: Iterable[SourceNow], now: float) -> Iterator[str]:
    for source in sources:
        match source.shown:
            case "stale":
                yield f"Visitors see what {source.name} said at {clock(source.said_at, now)}."
            case "fallback":
                yield f"Visitors see the stand-in of {source.name}."
            case "nothing":
                yield f"Visitors miss {source.name}; a page that is nothing without it answers 503."


def _timeouts(sources: Iterable[SourceNow], switches: Sequence[Switch]) -> Iterator[str]:
    by = {each.name: each.by for each in switches if each.kind is Kind.SETTING}
    for each in sources:
        setting = each.timeout_setting
        changed = f", changed at run time by {by[setting]}" if setting in by else ""
        yield f"The timeout of {each.name} is {each.timeout:g} s ({setting}{changed})."


def _faults(names: list[str], switches: Sequence[Switch]) -> Iterator[str]:
    for each in switches:
        if each.kind is Kind.FAULT and each.name in names:
            yield f"The fault of {each.name} was switched on by {each.by}."


def _door(told: Portrait) -> Iterator[Finding]:
    away = told.door.refused + told.door.late
    if away > 0:
        yield Finding(
            "door",
            f"door: {per_second(away)} visitors turned away in the last minute",
            (
                f"More come than can be served well: {told.door.inside} are inside, and "
                f"{told.door.limit} may be. Each hears so at once (503, Retry-After).",
                f"{per_second(told.door.late)} had waited in vain."
                if told.door.late
                else "Nobody waited in vain.",
            ),
            do="Add gateways (--scale gateway=3), if it goes on.",
        )


def _stores(told: Portrait) -> Iterator[Finding]:
    if told.cache_failures:
        said = ", ".join(f"{word} {count}" for word, count in sorted(told.cache_failures.items()))
        yield Finding(
            "redis",
            f"Redis: {sum(told.cache_failures.values())} operations failed in the last minute",
            (
                f"By reason: {said}.",
                "Visitors notice nothing: this gateway keeps what it asked by itself, and asks "
                "more often than a fleet that shares. Nothing can be purged meanwhile.",
            ),
            do="See that Redis runs, and that REDIS_URL names it.",
        )
    if told.switches_problem:
        seen = f"of {clock(told.switches_as_of, told.at)}" if told.switches_as_of else ""
        yield Finding(
            "postgres",
            f"Postgres: what was changed at run time cannot be read ({told.switches_problem})",
            (
                f"This gateway goes on with what it saw last {seen}.".replace(" .", ".")
                if seen
                else "This gateway goes on with what its environment says.",
                "Nothing can be changed meanwhile.",
            ),
            told.switches_problem if told.switches_problem in BY_WORD else "",
            do="See that Postgres runs, that DATABASE_URL names it, and that manage.py migrate was "
            "run.",
        )


def _slow(told: Portrait) -> Iterator[Finding]:
    for each in told.upstreams:
        if each.state == "closed" and each.calls >= FEW_CALLS and each.slow_rate >= MANY_SLOW:
            names = [source for source in told.sources if source.upstream == each.name]
            p95 = ", ".join(
                f"{source.name} {milliseconds(source.seconds.p95)}"
                for source in names
                if source.seconds.p95 is not None
            )
            yield Finding(
                f"slow {each.name}",
                f"{each.name}: {percent(each.slow_rate)} of its calls take longer than "
                f"{milliseconds(each.slow_seconds)}",
                (
                    f"p95 of the last five minutes: {p95}." if p95 else "",
                    "Calls that are late count as failures soon: the breaker opens when nearly "
                    "all of them are.",
                ),
                "timeout",
                do="Find out why it is slow; a longer timeout can be set at run time.",
            )


def _switched(told: Portrait, switches: Sequence[Switch]) -> Iterator[Finding]:
    for each in switches:
        until = "" if each.until == float("inf") else f", until {clock(each.until, told.at)}"
        match each.kind:
            case Kind.OFF:
                yield Finding(
                    f"off {each.name}",
                    f"{each.name}: switched off by {each.by}{until}",
                    ("Nobody asks it; visitors see what stands in for it.",),
                    "off",
                    bad=False,
                )
            case Kind.FAULT:
                yield Finding(
                    f"fault {each.name}",
                    f"{each.name}: a fault on purpose is switched on by {each.by}{until}",
                    ("What follows from it looks as if the source itself did so.",),
                    "injected",
                    bad=False,
                )


def _fleet(told: Portrait, fleet: Sequence[Portrait]) -> Iterator[Finding]:
    for each in fleet:
        if told.at - each.at > SILENT_SECONDS:
            yield Finding(
                f"silent {each.id}",
                f"gateway {each.host}, process {each.process}: silent for {ago(told.at - each.at)}",
                ("It ended without a word, hangs, or is cut off from Redis.",),
            )
    versions = sorted({f"{each.version} {each.commit}".strip() for each in fleet})
    if len(versions) > 1:
        yield Finding(
            "versions",
            f"The gateways are of different versions: {listed(versions)}",
            ("That is as it should be while a new one is rolled out, and not for longer.",),
            bad=False,
        )
