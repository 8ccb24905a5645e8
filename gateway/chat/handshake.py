"""What is known of a WebSocket before anything is said on it. Nobody is asked here."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from gateway.chat.models import SLUG_LENGTH
from gateway.chat.protocol import VERSION, Close, Ending

PATH = re.compile(rf"/ws/chat/([-a-zA-Z0-9_]{{1,{SLUG_LENGTH}}})/\Z")
NUMBER = re.compile(r"[0-9]{1,18}\Z")
PORTS = {"http": "80", "https": "443"}

Scope = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which room somebody wants to enter, and the last change there that they have seen."""

    room: str
    last_seen: int | None


def is_from_here(scope: Scope) -> bool:
    """Whether the page that connects is one of ours.

    A browser says in ``Origin`` which page it is (RFC 6455, 4.1), and sends our cookies along
    whoever's page it is: so it must be of the very host that is asked. What sends no ``Origin`` is
    no browser; it has no cookies but its own.
    """
    hosts = _values(scope, b"host")
    if len(hosts) != 1 or not _is_ours(hosts[0]):
        return False
    origins = _values(scope, b"origin")
    if not origins:
        return True
    return len(origins) == 1 and _is_same(origins[0], hosts[0])


def wish_of(scope: Scope) -> Wish:
    """Return what the address asks for. Raises ``Ending`` for what is no room's address."""
    found = PATH.match(scope["path"])
    if found is None:
        raise Ending(Close.NO_SUCH_ROOM, "There is no such room.")
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    if query.get("version", [str(VERSION)]) != [str(VERSION)]:
        raise Ending(Close.UNKNOWN_VERSION, f"The protocol that is spoken here is {VERSION}.")
    last_seen = query.get("last_seen", [""])[-1]
    return Wish(found[1], int(last_seen) if NUMBER.match(last_seen) else None)


def address_of(scope: Scope) -> str:
    """Return where the visitor comes from.

    Behind our edge everybody has its address, and the edge says whose it is (it overwrites what the
    visitor claims). A peer with a private address is taken for the edge, one on this very machine
    is not: that is anybody who works on it.
    """
    peer = (scope.get("client") or ("",))[0]
    claimed = _values(scope, b"x-forwarded-for")
    if len(claimed) == 1 and _is_edge(peer) and _parsed(claimed[0]) is not None:
        return claimed[0].strip()
    return str(peer)


def _is_ours(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _is_same(origin: str, host: str) -> bool:
    """Compare host and port; the scheme of the page may be one that ended at a proxy."""
    try:
        parts = urlsplit(origin)
        named = parts.hostname, str(parts.port or PORTS.get(parts.scheme, ""))
    except ValueError:
        return False
    domain, port = split_domain_port(host)
    return named == (domain.strip("[]"), port or PORTS.get(parts.scheme, "?"))


def _is_edge(peer: str) -> bool:
    address = _parsed(peer)
    return address is not None and address.is_private and not address.is_loopback


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin1") for name, value in scope["headers"] if name == wanted]
