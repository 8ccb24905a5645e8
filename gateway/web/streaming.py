"""Bodies that are handed on as they come, instead of being read before anybody looks at them.

Every other body is kept whole, and small (``MAX_BODY_BYTES``), until Django has answered. What is
declared here may be as large as a setting says: its view reads ``incoming_of(request)``, and the
server waits with reading on until the view has done so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpRequest
from django.urls import set_script_prefix

Receive = Callable[[], Awaitable[dict[str, Any]]]

KEPT_PART_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Streamed:
    """Requests whose bodies are streamed: by the beginning of the path, method, and a header.

    Their view must not ask Django for what is in the body, so it cannot have a token against
    forgery there; the header has to be one that no foreign page can send. ``most`` names the
    setting that says how many bytes a body may have.
    """

    prefix: str
    methods: tuple[str, ...]
    header: str
    most: str


STREAMED = (
    # tus: gateway/documents/manuscripts. POST too, for it may carry the beginning of the file.
    Streamed("/manuscripts/", ("POST", "PATCH"), "tus-resumable", "MANUSCRIPT_MAX_BYTES"),
)


class VisitorGone(Exception):
    """The connection ended before the body did."""


def streamed_bytes(method: str, path: str, has_header: Callable[[str], bool]) -> int | None:
    """Return how many bytes a streamed body may have; None where the body is not streamed."""
    for rule in STREAMED:
        if path.startswith(rule.prefix) and method in rule.methods and has_header(rule.header):
            return int(getattr(settings, rule.most))
    return None


def streaming(handler: ASGIHandler) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """Return an ASGI application that is ``handler``, and streams what is declared above.

    Django's own way would write the whole body to a file first. Here the request goes through the
    same middleware to its view before there is any body.
    """

    async def application(scope: Any, receive: Receive, send: Any) -> None:
        if not _is_streamed(scope):
            await handler(scope, receive, send)
            return
        set_script_prefix(get_script_prefix(scope))
        request: Any
        request, refusal = handler.create_request(scope, BytesIO())
        if refusal is not None:
            await handler.send_response(refusal, send)
            return
        request.incoming = receive
        response = await handler.run_get_response(request)
        try:
            await handler.send_response(response, send)
        finally:
            response.close()

    return application


async def incoming_of(request: HttpRequest) -> AsyncIterator[bytes]:
    """Yield a request's body part by part. Raises ``VisitorGone`` where it ends too early.

    A body that a server has kept whole comes in parts as well.
    """
    receive: Receive | None = getattr(request, "incoming", None)
    if receive is None:
        while part := request.read(KEPT_PART_BYTES):
            yield part
        return
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise VisitorGone
        more = message.get("more_body", False)
        if part := message.get("body", b""):
            yield part


def _is_streamed(scope: Any) -> bool:
    def has_header(name: str) -> bool:
        wanted = name.encode()
        return any(given == wanted for given, _ in scope["headers"])

    return streamed_bytes(scope["method"], scope["path"], has_header) is not None
