"""What is promised of the page under any fault, in figures and in words."""

from collections.abc import Iterator

from gateway.aggregation.errors import SourceError
from tests.faults.page import CODE, FRAGMENTS, Page

STALE_IS_SERVED = True
"""Whether a cache gives what is past its lifetime where its source fails."""
WITH_A_CACHE = ("promo", "recco")
BREAKER_OPEN_SECONDS = 1.5
"""How long a source is left alone after it failed; recovery may take so much longer."""
SPARED = frozenset({"open"})
"""Reasons of a source that was not even asked, because it had failed before."""

BUDGET_SECONDS = 0.8
OVERHEAD_SECONDS = 0.2
PAGE_SECONDS = BUDGET_SECONDS + OVERHEAD_SECONDS
RECOVERY_SECONDS = BREAKER_OPEN_SECONDS + 1.0
SLACK_SECONDS = 1.0
"""What a machine that is busy with other things may add to a recovery."""
MOST_MEGABYTES = 10.0
TRIES = 3
"""A page is late only if it was late so many times: once may be the machine's fault."""

WHOLE = ("live", "fresh")
OUT_OF_TIME = "failed;timeout"
WORDS = {
    "promo": "The front table is being laid",
    "recco": "Our recommendations are not here at the moment",
    "membership": "We cannot look up your account",
    "arrivals": "We cannot say what is new at the moment",
}
"""In what words each fragment says that it is missing."""


def _reasons(kind: type[SourceError]) -> Iterator[str]:
    yield kind.reason
    for narrower in kind.__subclasses__():
        yield from _reasons(narrower)


REASONS = frozenset(_reasons(SourceError))
"""The closed list: a reason is one of these words."""


def state_of_broken(fragment: str, *, cached: bool) -> str:
    """Return the state that a broken fragment is in, in a gateway with caches or without."""
    kept = cached and STALE_IS_SERVED and fragment in WITH_A_CACHE
    return "stale" if kept else "fallback"


def broken_by(
    page: Page, whole: Page, missing: dict[str, str], *, cached: bool = False
) -> Iterator[str]:
    """Say which promises ``page`` breaks.

    ``whole`` is the same page without a fault, ``missing`` names the fragments that must be broken
    now, with the HTML that they have when there is nothing to show. ``cached`` says whether the
    gateway keeps what its sources said.
    """
    yield from _about_the_answer(page, whole)
    yield from _about_what_is_healthy(page, whole, missing)
    for fragment, html in missing.items():
        state = state_of_broken(fragment, cached=cached)
        yield from _about_what_is_broken(page, fragment, html, state)
    if missing and page.complete:
        yield "Gateway-Complete says that nothing is missing"
    if missing and page.response.headers.get("Cache-Control") != "no-store":
        yield "an incomplete page may be kept"
    if not missing and not page.complete:
        yield f"the page is not complete: {page.response.headers.get('Fragment-Status')}"


def _about_what_is_broken(page: Page, fragment: str, html: str, state: str) -> Iterator[str]:
    mark, shown = page.marks.get(fragment, {}), page.parts[fragment]
    # Where the page's own deadline came first, there is no fallback; the words are the same.
    if mark.get("state") != state and (state, page.mark(fragment)) != ("fallback", OUT_OF_TIME):
        yield f"{fragment} is {page.mark(fragment)}, and should be {state}"
    if mark.get("reason") not in REASONS:
        yield f"{fragment} gives {mark.get('reason')!r}, which is not a reason of the list"
    if state == "fallback" and shown != html:
        yield f"{fragment} does not look as usual when it is missing: {shown}"
    if state == "stale" and "As of" not in shown:
        yield f"{fragment} does not say that it is from earlier: {shown}"


def _about_the_answer(page: Page, whole: Page) -> Iterator[str]:
    if page.status != 200:
        yield f"status {page.status}"
    if page.seconds > PAGE_SECONDS:
        yield f"{page.seconds:.2f} s, and {PAGE_SECONDS} s are promised"
    if found := CODE.search(page.response.text):
        yield f"code on the page: {found[0]!r}"
    if "canary" in page.response.text or "canary" in str(page.response.headers):
        yield "bytes of the upstream are on the page"
    if page.headers != whole.headers:
        yield f"other headers than usual: {set(page.headers.items()) ^ set(whole.headers.items())}"


def _about_what_is_healthy(page: Page, whole: Page, missing: dict[str, str]) -> Iterator[str]:
    parts, usual = page.parts, whole.parts
    for fragment in FRAGMENTS:
        if fragment in missing:
            continue
        if page.marks.get(fragment, {}).get("state") not in WHOLE:
            yield f"{fragment} is healthy, and is {page.mark(fragment)}"
        if parts[fragment] != usual[fragment]:
            yield f"{fragment} is healthy, and does not look so: {parts[fragment]}"
    if parts["rest"] != usual["rest"]:
        yield "something changed that belongs to no fragment"
