"""The ASGI door around the application: what every reply has in common, whoever made it."""

import logging
import re
import time
import uuid
from contextlib import AbstractContextManager, nullcontext

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promo_service.crowd import RETRY_AFTER_SECONDS, is_one_too_many
from promo_service.problems import busy, plain_problem, problem_response
from promo_service.traces import HEADER, Tracing, trace_id_from

REQUEST_ID_HEADER = "X-Request-ID"
log = logging.getLogger("promo_service.requests")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LONGEST_PATH_LOGGED = 200


def request_id_from(header: str | None) -> str:
    """The caller's request id if it is well formed, else a new one."""
    if header is not None and _REQUEST_ID.fullmatch(header):
        return header
    return uuid.uuid4().hex


class Door:
    """Gives each reply its request id and ``nosniff``, turns a crash into a 500 problem, refuses
    what is one too many, and logs one line per request (health checks excepted)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exit_ = _Exit(scope, send)
        with _span(scope, exit_):
            await self._answer(scope, receive, exit_)

    async def _answer(self, scope: Scope, receive: Receive, exit_: "_Exit") -> None:
        began = time.monotonic()
        try:
            answer = _refusal() if is_one_too_many(scope) else self.app
            await answer(scope, receive, exit_.send)
        except Exception:
            log.exception("request.crashed", extra=exit_.facts())
            if exit_.status is not None:
                raise  # The reply has begun: only closing the connection tells the truth.
            detail = "The service failed to answer; the failure was logged."
            await problem_response(plain_problem(500, detail))(scope, receive, exit_.send)
        finally:
            if scope["path"] != "/livez":
                milliseconds = round((time.monotonic() - began) * 1000, 2)
                log.info("request", extra={**exit_.facts(), "milliseconds": milliseconds})


def _span(scope: Scope, exit_: "_Exit") -> AbstractContextManager[None]:
    """What traces the request, if anything does; health checks are nobody's business."""
    tracing: Tracing | None = getattr(getattr(scope.get("app"), "state", None), "tracing", None)
    if tracing is None or scope["path"] == "/livez":
        return nullcontext()
    return tracing.span(scope, exit_.facts)


def _refusal() -> ASGIApp:
    return problem_response(busy(), {"Retry-After": str(RETRY_AFTER_SECONDS)})


class _Exit:
    """The way out for one request's reply."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        headers = Headers(scope=scope)
        self.request_id = request_id_from(headers.get(REQUEST_ID_HEADER))
        self.trace_id = trace_id_from(headers.get(HEADER))
        self.status: int | None = None
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID_HEADER] = self.request_id
            headers["X-Content-Type-Options"] = "nosniff"
        await self._send(message)

    def facts(self) -> dict[str, object]:
        """What a log line says of this request; the query stays out of it."""
        return {
            "request_id": self.request_id,
            "trace_id": self.trace_id,
            "method": self.scope["method"],
            "path": self.scope["path"][:_LONGEST_PATH_LOGGED],
            "status": self.status,
        }
