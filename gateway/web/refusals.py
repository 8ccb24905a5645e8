"""What whoever is one too many is told: a page for people, JSON for programs; 503 either way.

Made once, because there is no time for it when it is needed. The door uses it within Django's
reach, and the server, which refuses most visitors before they come that far, writes the same.
"""

from dataclasses import dataclass
from functools import cache

from django.template.loader import render_to_string

from gateway.web.protection import protection

RETRY_AFTER_SECONDS = 1
API = "/api/"

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 503 in full, but for what differs from one answer to the next: date, id, connection."""

    headers: tuple[Header, ...]
    body: bytes


def refusal(path: str) -> Refusal:
    """Return what a visitor of ``path`` is told when there is no room for him."""
    return _for_programs() if path.startswith(API) else _for_people()


@cache
def _for_people() -> Refusal:
    page = render_to_string("503.html", {"request_id": ""}).encode()
    return _refusal(b"text/html; charset=utf-8", page)


@cache
def _for_programs() -> Refusal:
    return _refusal(b"application/json", b'{"error":"overloaded"}')


def _refusal(content_type: bytes, body: bytes) -> Refusal:
    said = {
        "Retry-After": str(RETRY_AFTER_SECONDS),
        "Cache-Control": "no-store",
        **protection(),
    }
    headers = tuple((name.lower().encode(), value.encode()) for name, value in said.items())
    length = str(len(body)).encode()
    return Refusal(
        headers=((b"content-type", content_type), (b"content-length", length), *headers),
        body=body,
    )
