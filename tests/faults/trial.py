"""One fault, lived through: asked during it, judged by what is promised, and asked after it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from deploy.local.process import wait_until
from tests.faults.page import Page
from tests.faults.promises import (
    MOST_MEGABYTES,
    PAGE_SECONDS,
    RECOVERY_SECONDS,
    SLACK_SECONDS,
    SPARED,
    TRIES,
    broken_by,
)
from tests.faults.report import ROWS, Row
from tests.faults.stand import PATIENCE_SECONDS, Memory, Stand, Visitor

Fault = AbstractContextManager[None]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Which fragments the fault breaks, and for which of these reasons (any, if none is named)."""

    missing: tuple[str, ...] = ()
    reasons: frozenset[str] = frozenset()
    fault: str


def live_through(stand: Stand, visitor: Visitor, fault: Fault, expected: Expected) -> None:
    """Ask for the page during ``fault`` and after it; fail with every promise that it breaks."""
    assert visitor.complete(), "the page was not whole before the fault began"
    memory = Memory(stand.gateway.pid)
    before = {fragment: _counted(stand, fragment) for fragment in expected.missing}
    with fault:
        if stand.cached:
            outlive_what_is_fresh(visitor, expected.missing)
        page = in_time(visitor.ask)
        broken = list(_judged(stand, visitor, page, expected))
        broken += _not_counted(stand, page, before)
    back_seconds = stand.back_after(visitor, PATIENCE_SECONDS)
    if back_seconds is None or back_seconds > RECOVERY_SECONDS + SLACK_SECONDS:
        broken.append(f"whole again after {back_seconds} s, promised are {RECOVERY_SECONDS} s")
    megabytes = memory.grown()
    if megabytes > MOST_MEGABYTES:
        broken.append(f"memory grew by {megabytes:.1f} MB")
    states = ", ".join(f"{name} {page.mark(name)}" for name in expected.missing) or "complete"
    note(
        expected.fault,
        page,
        states,
        back_seconds=back_seconds,
        megabytes=megabytes,
        broken=broken,
    )
    assert not broken, f"{expected.fault}:\n" + "\n".join(broken)


def outlive_what_is_fresh(visitor: Visitor, fragments: Iterable[str]) -> None:
    """Ask until none of ``fragments`` is fresh any more, as it was kept before the fault."""

    def asked_anew() -> bool:
        marks = visitor.ask().marks
        return not any(marks.get(name, {}).get("state") == "fresh" for name in fragments)

    wait_until(asked_anew, PATIENCE_SECONDS)


def note(
    fault: str,
    page: Page,
    states: str,
    *,
    back_seconds: float | None = None,
    megabytes: float = 0.0,
    broken: Iterable[str] = (),
) -> None:
    """Put a line into the table that is printed at the end."""
    figures = (page.seconds, back_seconds, megabytes)
    ROWS.append(Row(fault, page.status, states, *figures, tuple(broken)))


def in_time(ask: Callable[[], Page]) -> Page:
    """Return the first page that was not late, or the quickest of those that were."""
    pages: list[Page] = []
    for _ in range(TRIES):
        pages.append(ask())
        if pages[-1].seconds <= PAGE_SECONDS:
            return pages[-1]
    return min(pages, key=lambda page: page.seconds)


def _judged(stand: Stand, visitor: Visitor, page: Page, expected: Expected) -> Iterator[str]:
    missing = {fragment: visitor.missing.get(fragment, "") for fragment in expected.missing}
    yield from broken_by(page, visitor.whole, missing, cached=stand.cached)
    for fragment in missing:
        reason = page.marks.get(fragment, {}).get("reason", "")
        if expected.reasons and reason not in expected.reasons | SPARED:
            yield f"{fragment} is missing for {reason!r}, which is not among {expected.reasons}"


def _counted(stand: Stand, fragment: str) -> float:
    return stand.counted("gateway_source_calls_total", source=fragment)


def _not_counted(stand: Stand, page: Page, before: dict[str, float]) -> Iterator[str]:
    for fragment in before:
        reason = page.marks.get(fragment, {}).get("reason", "")
        now = stand.counted("gateway_source_calls_total", source=fragment, reason=reason)
        if not reason or now < 1:
            yield f"/metrics does not count {fragment} for {reason!r}"
        if _counted(stand, fragment) <= before[fragment]:
            yield f"/metrics counts no call of {fragment}"


@contextmanager
def misbehaving(stand: Stand, how: str, *names: str) -> Iterator[None]:
    """Let services do what ``how`` names while the block runs; they are well afterwards."""
    for name in names:
        stand.upstreams.behave(name, how)
    try:
        yield
    finally:
        stand.upstreams.well()


@contextmanager
def refusing(stand: Stand, *names: str) -> Iterator[None]:
    """Let nobody listen where services were while the block runs; they are well afterwards."""
    for name in names:
        stand.upstreams.refuse(name)
    try:
        yield
    finally:
        stand.upstreams.well()
