"""``make chaos``: break one thing after another, and look at the page each time.

On a terminal it waits for Enter at each step, so that you can look for yourself; elsewhere, with
``CI=true`` or with ``--go`` it walks on by itself. Ends with 1 if a step did not do what it said.
"""

import os
import sys
import time
from collections.abc import Iterator

import httpx

from deploy.local.process import wait_until
from deploy.local.speech import say
from tests.faults.page import Page, ask
from tests.load.stage import opened, run_command
from tests.load.walk import WALK, Step

MOST_SECONDS = 1.0
"""The page's budget, and 0.2 s for everything around it."""

PATIENCE_SECONDS = 8.0
"""So long we ask again: switches are seen within a second, a breaker asks again within a few."""

WORDS = {
    "live": "asked just now",
    "fresh": "kept, and still good",
    "stale": "kept from earlier",
    "fallback": "missing, and the page says so",
    "failed": "missing",
}


def main() -> int:
    """Walk, and return 1 if anything was not as it was said."""
    by_itself = "--go" in sys.argv[1:] or _nobody_there()
    say("Opening a shop of its own …")
    # What is kept is fresh for a second only, or it would take half a minute to see anything.
    with opened(PROMO_FRESH_SECONDS="1", RECCO_FRESH_SECONDS="1") as stage:
        amiss = 0
        for number, step in enumerate(WALK, 1):
            say(f"\n{number}. {step.title}")
            step.do(stage)
            say(f"   Look at {stage.shop.url}/\n   {step.look}")
            if not by_itself:
                by_itself = _go_on()
            amiss += not _as_said(step, stage.shop.url)
    say(f"\n{amiss} steps were not as they should be." if amiss else "\nAll as it should be.")
    return 1 if amiss else 0


def _nobody_there() -> bool:
    in_ci = os.environ.get("CI", "").lower() in ("1", "true", "yes")
    return in_ci or not (sys.stdin.isatty() and sys.stdout.isatty())


def _go_on() -> bool:
    """Wait for Enter; return whether nobody will press it any more."""
    try:
        input("   Press Enter to see what the page says of itself … ")
    except EOFError:
        return True
    return False


def _as_said(step: Step, url: str) -> bool:
    """Ask until the page is as the step says, or patience ends; tell what it was at last."""
    with httpx.Client(trust_env=False, timeout=10.0) as client:
        pages: list[Page] = []

        def as_said() -> bool:
            pages.append(ask(client, f"{url}/"))
            return not list(objections(step, pages[-1]))

        began = time.monotonic()
        good = wait_until(as_said, PATIENCE_SECONDS)
        waited = time.monotonic() - began
    _tell(pages[-1], waited, len(pages))
    # While it is on its way there the page may be of either kind, but never late and never broken.
    unfit = [page for page in pages if page.status != 200 or page.seconds > MOST_SECONDS]
    objected = list(objections(step, pages[-1])) if not good else []
    objected += [f"of {len(pages)} pages {len(unfit)} were late or no page"] if unfit else []
    for objection in objected:
        say(f"   NOT AS IT SHOULD BE: {objection}.")
    return not objected


def objections(step: Step, page: Page) -> Iterator[str]:
    """Yield a sentence for everything on ``page`` that is not as ``step`` says."""
    if page.status != 200:
        yield f"the status is {page.status}"
    if page.seconds > MOST_SECONDS:
        yield f"it took {page.seconds:.2f} s"
    if page.complete is bool(step.seen):
        yield f"Gateway-Complete says {'whole' if page.complete else 'not whole'}"
    for fragment, mark in page.marks.items():
        if (state := mark.get("state", "")) not in step.seen.get(fragment, ("live", "fresh")):
            yield f"{fragment} is {state}"


def _tell(page: Page, waited: float, asked: int) -> None:
    said = page.response.headers.get("Gateway-Complete", "nothing")
    after = f", after {waited:.1f} s" if asked > 1 else ""
    say(f"   The page: {page.status} in {page.seconds:.2f} s, Gateway-Complete {said}{after}")
    for fragment, mark in page.marks.items():
        age = f", {mark['age']} s old" if "age" in mark else ""
        reason = f" ({mark['reason']})" if "reason" in mark else ""
        words = WORDS.get(mark.get("state", ""), "unknown")
        say(f"     {fragment:<11} {words}{age}{reason}")


if __name__ == "__main__":
    run_command(main)
