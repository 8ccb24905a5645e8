"""Pages that lie ready: what all strangers see alike is composed a few times a second, not more.

Everything that a page says is as true a quarter of a second later, so that a gateway in a rush
sends the same answer to all who ask in that time, and asks neither Django nor the engine. Kept is
only what any cache might keep: a whole page, from memory, that says itself that it is public, for a
request without a query, a session or a condition. Nothing waits here, and nobody is refused here.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings

from gateway.telemetry.lines import Answered, tell_of
from gateway.telemetry.metrics import ready_pages
from gateway.web.facts import arrival, request_id, trace_id

RENEWED_SECONDS = 0.25
KEPT_SECONDS = 1.5
"""After the former the next visitor gets a page that is composed anew, and all others still the old
one meanwhile: a crowd must not find the shelf empty, and in a crowd it may take some turns of the
loop until the new one is there. Past the latter it is empty."""

AWAITED_SECONDS = 0.1
"""Where the shelf is empty, and somebody was sent on to have his page composed, a crowd may as well
wait for that page: for so long, and then another one is sent on."""

LONGEST_WAIT_SECONDS = 0.3
"""So long any of the crowd waits; then he has his page composed himself, in the rest of its time.
It is a few times the former: while a crowd comes in, the loop may need that long for the first."""

SOON_SECONDS = 0.05
"""Where caches may not keep the page, because some of it is stale or about to be: that is being
mended, and whoever comes when it has been should see it. The page is renewed so often instead."""

NOT_TO_KEEP = "public, max-age=0"

MOST_PAGES = 64

Header = tuple[bytes, bytes]

SESSION = f"{settings.SESSION_COOKIE_NAME}=".encode()
CONDITIONS = frozenset(
    b"if-none-match if-match if-modified-since if-unmodified-since if-range range authorization "
    b"expect upgrade".split()
)
"""Whoever says one of these wants something of his own."""

FOR_CACHES = frozenset((b"cache-control", b"pragma"))
"""Whoever says one of these wants nothing that lies ready, as browsers do when they reload. What is
composed anew for him he may as well have."""

_NAMED = (b"x-request-id", b"traceparent")
ONES_OWN = frozenset(("x-request-id", "server-timing", "date"))
"""Headers that tell of one request alone."""


class Key(NamedTuple):
    """All of a request that such an answer depends on."""

    host: bytes
    scheme: bytes
    path: str


@dataclass(slots=True)
class ReadyPage:
    """An answer with status 200, but for the headers that tell of one request; good ``until``.

    From ``renew_at`` on the next one who asks is to be ``sent_on``.
    """

    headers: tuple[Header, ...]
    body: bytes
    renew_at: float
    until: float
    sent_on: bool = False
    sent_at: float = float("-inf")
    """When somebody was last sent on past its end."""

    lines: bytes = field(init=False)
    """The headers as they are written."""

    def __post_init__(self) -> None:
        self.lines = b"".join(b"%b: %b\r\n" % each for each in self.headers)


class Shelf:
    """Where pages lie ready. Instants are seconds, on ``clock``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: dict[Key, ReadyPage] = {}
        self._paths: set[str] = set()

    @property
    def has_any(self) -> bool:
        """Whether anything may lie ready."""
        return bool(self._pages)

    def has(self, path: str) -> bool:
        """Whether anything may lie ready for ``path``: quick to ask, and no promise."""
        return path in self._paths

    def find(self, key: Key) -> ReadyPage | None:
        """Return the page that lies ready under ``key``; None where it is to be composed.

        To be asked once for each request; whoever stands behind the one who asks has
        ``find_behind``.
        """
        page, now = self._pages.get(key), self._clock()
        if page is None:
            return None
        if now < min(page.renew_at, page.until):
            return page
        if now < page.until:
            page.renew_at, page.sent_on = now + RENEWED_SECONDS, True
        elif now - page.sent_at >= AWAITED_SECONDS:
            page.sent_at, page.sent_on = now, True
        return None

    def is_awaited(self, key: Key) -> bool:
        """Whether the page that lay there is over, and is being composed anew for somebody."""
        page, now = self._pages.get(key), self._clock()
        if page is None or now < page.until:
            return False
        return now - page.sent_at < AWAITED_SECONDS

    def find_behind(self, key: Key) -> ReadyPage | None:
        """Return the same, for a request that may have been sent on by ``find``."""
        page = self._pages.get(key)
        if page is None or page.sent_on:
            if page is not None:
                page.sent_on = False
            return None
        found = self.find(key)
        page.sent_on = False
        return found

    def offer(self, scope: Any, response: Any) -> None:
        """Keep ``response`` to the request of ``scope``, if it is such a page.

        If it is not any more, nobody need wait for the next one. If it soon will be again, a crowd
        must not find the shelf empty meanwhile: what lies there stays until its end.
        """
        if not _is_for_all(response):
            if self.has(scope["path"]) and (key := key_of(scope)) is not None:
                self._leave_or_take_away(key, getattr(response, "is_being_mended", False))
            return
        if (key := key_of(scope)) is None:
            return
        if len(self._pages) >= MOST_PAGES and key not in self._pages:
            self._pages.clear()
            self._paths.clear()
        told = dict(response.items()) | {"Cache-Control": response.kept_control}
        said = tuple(
            (name.lower().encode(), value.encode("latin1"))
            for name, value in told.items()
            if name.lower() not in ONES_OWN
        )
        now = self._clock()
        soon = response.kept_control == NOT_TO_KEEP
        renew_at = now + (SOON_SECONDS if soon else RENEWED_SECONDS)
        self._pages[key] = ReadyPage(said, response.content, renew_at, now + KEPT_SECONDS)
        self._paths.add(key.path)

    def _leave_or_take_away(self, key: Key, is_being_mended: bool) -> None:
        page, now = self._pages.get(key), self._clock()
        if page is not None and is_being_mended and now < page.until:
            page.renew_at = now + SOON_SECONDS
        else:
            self._pages.pop(key, None)


class Asked(NamedTuple):
    """What is asked for, and by whom: his cookies where a session is among them, else empty."""

    key: Key
    session: bytes


def key_of(scope: Any) -> Key | None:
    """Return what an answer to the request of ``scope`` may lie under; None where it is special."""
    asked = asked_for(scope)
    return asked.key if asked is not None and not asked.session else None


def asked_for(scope: Any) -> Asked | None:
    """Return what the request of ``scope`` asks for; None where it is special."""
    if scope["method"] not in ("GET", "HEAD") or scope["query_string"]:
        return None
    return asked_among(scope["path"], scope["headers"])


def asked_among(path: str, headers: Iterable[Header]) -> Asked | None:
    """Return the same for a GET of ``path``; names of ``headers`` are in small letters."""
    hosts, schemes, cookies, reloads = [], [], [], False
    for name, value in headers:
        if name in CONDITIONS:
            return None
        reloads = reloads or name in FOR_CACHES
        if name == b"cookie":
            cookies.append(value)
        elif name == b"host":
            hosts.append(value)
        elif name == b"x-forwarded-proto":
            schemes.append(value)
    session = b"; ".join(cookies) if any(SESSION in each for each in cookies) else b""
    if len(hosts) != 1 or (reloads and not session):
        return None
    return Asked(Key(hosts[0], b",".join(schemes), path), session)


async def handed_out(shelf: Shelf, scope: Any, receive: Any, send: Any) -> bool:
    """Answer the request of ``scope`` with what lies ready; return False where nothing does."""
    if not shelf.has(scope["path"]) or (key := key_of(scope)) is None:
        return False
    if (page := shelf.find_behind(key)) is None:
        return False
    while (await receive()).get("more_body", False):
        pass  # nobody sends one with a GET; it must be out of the way of the next request
    given = {name: value.decode("latin1") for name, value in scope["headers"] if name in _NAMED}
    name = request_id(given.get(b"x-request-id", ""))
    took = (time.monotonic() - arrival(scope)) * 1000
    timing = b'page;dur=%.1f;desc="ready"' % took
    headers = [*page.headers, (b"x-request-id", name.encode()), (b"server-timing", timing)]
    ready_pages.inc()
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})
    await send({"type": "http.response.body", "body": page.body})
    trace = trace_id(given.get(b"traceparent", ""), name)
    told = Answered(name, trace, scope["method"], scope["path"], 200, round(took, 1))
    tell_of(told)
    return True


def _is_for_all(response: Any) -> bool:
    """Whether the answer is the same for everybody, and all that is in it comes from memory.

    ``kept_control`` is what such an answer says to caches when it is sent ``KEPT_SECONDS`` later.
    """
    return (
        response.status_code == HTTPStatus.OK
        and not response.streaming
        and not response.cookies
        and getattr(response, "kept_control", "").startswith("public, max-age=")
    )
