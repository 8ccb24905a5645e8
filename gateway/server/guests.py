"""Guests of the doorman: connections between two requests, on any server of ours."""

from typing import Any, Protocol

from gateway.web.facts import ARRIVED, IS_THERE


class Guest(Protocol):
    """A connection between two requests. ``refused_at`` is when it was last sent away.

    ``came`` is when the request came that is to be read next, if it had to wait; else None.
    """

    refused_at: float
    came: float | None

    @property
    def is_last(self) -> bool:
        """Whether no further request is wanted, whatever the visitor wants."""

    def is_there(self) -> bool:
        """Whether the connection is open, as far as is known."""

    def hold(self, data: bytes) -> None:
        """Keep ``data``, which was read, and what else comes."""

    def go_on(self) -> None:
        """Read on, beginning with what was kept."""

    def send_away(self, answer: bytes, last: bool) -> None:
        """Send ``answer``, and then end the connection if it is the ``last``."""


def keep(guest: Guest, data: bytes, now: float) -> None:
    """Let ``guest`` keep ``data`` until he is told to go on: his time runs meanwhile."""
    if guest.came is None:
        guest.came = now
    guest.hold(data)


def send_away(guest: Guest, answer: bytes, last: bool) -> None:
    """Answer ``guest``, whose next request has a time of its own."""
    guest.came = None
    guest.send_away(answer, last)


def note(guest: Guest, scope: Any) -> None:
    """Note in ``scope``, the request that ``guest`` is let on with, who tells that he is there.

    And when it came, where he had to wait; but not where a body may have been long on its way: that
    is the visitor's own time.
    """
    scope[IS_THERE] = guest.is_there
    if guest.came is not None and scope["method"] in ("GET", "HEAD"):
        scope[ARRIVED] = guest.came
    guest.came = None
