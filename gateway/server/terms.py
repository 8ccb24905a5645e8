"""What every server of ours is told: what it takes, and how it ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it needs Django set up, which comes after the event loop that Daphne installs
    from gateway.server.doorman import Doorman

BACKLOG = 1024
"""Connections that the kernel keeps until we come to them."""

MOST_HELD_BYTES = 65_536
"""Of what comes behind a request that is held; then the visitor has to wait with the rest."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server takes: bodies of so many bytes, and whom ``doorman`` does not turn away."""

    most_body_bytes: int
    doorman: "Doorman"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a server ends.

    ``notice_seconds`` is how long it goes on answering after it has told the load balancer that it
    ends, ``drain_seconds`` how long it then waits for what is in flight. ``begin`` is called first,
    ``finish`` is awaited last.
    """

    notice_seconds: float
    drain_seconds: float
    begin: Callable[[], None]
    finish: Callable[[], Awaitable[None]]
