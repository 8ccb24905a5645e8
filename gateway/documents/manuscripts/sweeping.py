"""What nobody finished, and what nothing refers to, is removed."""

import re
import time
from uuid import UUID

from gateway.documents.manuscripts import ledger, store
from gateway.documents.models import Manuscript
from gateway.runtime import runtime
from gateway.web.threads import in_thread

EVERY_SECONDS = 600.0
ORPHAN_SECONDS = 3600.0
"""A file without a row is left alone for so long: its row may be about to be written."""

_OURS = re.compile(r"[0-9a-f]{32}\Z")
_next_sweep = 0.0


def sweep_now_and_then() -> None:
    """Begin to remove what has expired, beside the page, if that was not done for a while.

    ``manage.py sweep_uploads`` does the same, and more, at any time.
    """
    global _next_sweep
    now = time.monotonic()
    if now >= _next_sweep:
        _next_sweep = now + EVERY_SECONDS
        runtime().background.spawn(_sweep())


async def _sweep() -> None:
    while await in_thread(ledger.sweep) >= ledger.SWEPT_AT_ONCE:
        pass


def sweep_orphans(now: float) -> int:
    """Remove files of which Postgres knows nothing; return how many. ``now`` is Unix time."""
    removed = 0
    for path in store.root().glob("[0-9a-f][0-9a-f]/*"):
        if not _OURS.match(path.name) or now - path.stat().st_mtime < ORPHAN_SECONDS:
            continue
        manuscript_id = UUID(hex=path.name)
        if not Manuscript.objects.filter(pk=manuscript_id).exists():
            store.remove(manuscript_id)
            removed += 1
    return removed
