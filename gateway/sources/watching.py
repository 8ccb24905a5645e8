"""Looking at a reply now and then: does the service still speak as its page declares it?"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from msgspec.inspect import type_info

from gateway.aggregation.events import ContractDrifted, Listener
from gateway.sources.drift import Notebook, drift_of

EVERY_SECONDS = 10.0
"""Between two looks at a source's replies, in each process."""

MOST_BYTES = 262_144
"""A larger reply is passed over: it would cost the event loop milliseconds."""

Watch = Callable[[bytes], None]


def nothing_watched(body: bytes) -> None:
    """Look at nothing."""


def watching(
    source: str, payload: Any, emit: Listener, clock: Callable[[], float] = time.monotonic
) -> Watch:
    """Return what is told of each reply's body that was read as ``payload``.

    It looks at the first one, and then at one every ``EVERY_SECONDS``; for all others it looks at
    the clock alone. The look itself is left for the loop's next round, so that no page waits for
    it. ``clock`` is in seconds.
    """
    declared = type_info(payload)
    notebook = Notebook()
    due_at = clock()

    def look(body: bytes) -> None:
        for drift, news in notebook.note(drift_of(declared, body), clock()):
            emit(ContractDrifted(source, drift.field, drift.kind, news))

    def watch(body: bytes) -> None:
        nonlocal due_at
        now = clock()
        if now < due_at or len(body) > MOST_BYTES:
            return
        due_at = now + EVERY_SECONDS
        asyncio.get_running_loop().call_soon(look, body)

    return watch
