"""Running a coroutine from a test that is none: property tests cannot be."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return what ``work`` returns, in an event loop of its own."""
    return asyncio.run(work)
