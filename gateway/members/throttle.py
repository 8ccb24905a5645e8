"""How often one visitor, or one address, may try: joining, and signing in with what is wrong.

The counters lie in Redis. Where it does not answer, nobody is turned away, and that is counted.
"""

import ipaddress
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from gateway.runtime import runtime
from gateway.telemetry.logs import log


@dataclass(frozen=True, slots=True)
class Allowance:
    """``most`` times within ``seconds``; what it is for is its name."""

    name: str
    most: int
    seconds: int


LOOKING = Allowance("looking", 120, 60)
"""First steps of one visitor: each may be a question to the avatar service."""

LOOKING_AT = Allowance("looking-at", 30, 600)
"""First steps with one address, whoever takes them."""

JOINING = Allowance("joining", 120, 600)
"""Second steps of one visitor: each takes a password's worth of work, and may send a mail."""

OPENING = Allowance("opening", 20, 600)
"""Passwords tried with one link."""

GUESSING = Allowance("guessing", 20, 300)
"""Wrong passwords of one visitor for one address."""

GUESSING_ANY = Allowance("guessing-any", 150, 300)
"""Wrong passwords of one visitor."""

GUESSING_AT = Allowance("guessing-at", 150, 300)
"""Wrong passwords for one address, whoever tries: high, so that nobody is locked out easily."""


async def spent(allowance: Allowance, whom: str) -> bool:
    """Count one more try of ``whom``; return whether it is one too many."""
    counted = await runtime().counts.add(f"{allowance.name}:{whom}", allowance.seconds)
    return _judged(allowance, counted > allowance.most)


async def used_up(allowance: Allowance, whom: str) -> bool:
    """Return whether ``whom`` has no try left, without counting one."""
    counted = await runtime().counts.look(f"{allowance.name}:{whom}")
    return _judged(allowance, counted >= allowance.most)


def client_of(request: HttpRequest) -> str:
    """Return the network address of the visitor, as far as we know it; of IPv6, the network.

    Our edge stands on a private address and says who has come to it, having overwritten what the
    visitor said of that. From elsewhere the header counts for nothing.
    """
    peer = _address(str(request.META.get("REMOTE_ADDR", "")))
    told = _address(request.headers.get("X-Forwarded-For", ""))
    known = told if told is not None and (peer is None or peer.is_private) else peer
    if known is None:
        return "unknown"
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def too_often(allowance: Allowance) -> HttpResponse:
    """Return the page that asks for patience: 429, and when to come back."""
    html = render_to_string("members/too_often.html", {"minutes": -(-allowance.seconds // 60)})
    headers = {"Retry-After": str(allowance.seconds), "Cache-Control": "no-store"}
    return HttpResponse(html, status=429, headers=headers)


def _judged(allowance: Allowance, refused: bool) -> bool:
    if refused:
        log.warning("throttle.refused", allowance=allowance.name)
    return refused


def _address(given: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(given.strip())
    except ValueError:
        return None
