"""Whether an address is on our side of the wall, as far as it tells by itself."""

import ipaddress
from urllib.parse import urlsplit

_INSIDE = (
    "localhost",
    "local",
    "internal",
    "lan",
    "svc",
    "cluster.local",
    "home.arpa",
    "test",
    "invalid",
)


def is_public(host: str) -> bool:
    """Return whether ``host`` is, by its number or its name, out in the world.

    A name of one word, as Compose and Kubernetes give, is not.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not any(host.endswith(f".{each}") for each in _INSIDE)


def host_of(address: str) -> str:
    """Return the host of an address; empty where it has none, or is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
