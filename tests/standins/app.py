"""The application: weather, avatars and the mailbox, each at the paths of what it stands in for."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from tests.standins.avatars import avatar
from tests.standins.mailbox import Mailbox
from tests.standins.pages import CONTENT_SECURITY_POLICY, mailbox_page
from tests.standins.weather import BadQuestion, forecast

NO_STORE = {"Cache-Control": "no-store"}
AVATAR_HEADERS = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def create_app(
    mailbox: Mailbox,
    now: Callable[[], datetime] = utc_now,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """The application that shows ``mailbox`` and lives by ``now``."""
    app = Starlette(
        routes=[
            Route("/v1/forecast", _weather, methods=["GET"]),
            Route("/avatar/{name}", _picture, methods=["GET"]),
            Route("/mail", _mails, methods=["GET"]),
            Route("/mail", _emptied, methods=["DELETE"]),
            Route("/mail.json", _mails_as_json, methods=["GET"]),
            Route("/livez", _livez, methods=["GET"]),
        ],
        lifespan=lifespan,
    )
    app.state.mailbox, app.state.now = mailbox, now
    return app


async def _weather(request: Request) -> Response:
    try:
        return JSONResponse(forecast(request.query_params, request.app.state.now()))
    except BadQuestion as exc:
        return JSONResponse({"error": True, "reason": str(exc)}, status_code=400)


async def _picture(request: Request) -> Response:
    given = request.query_params
    drawn = avatar(request.path_params["name"], given.get("d", ""), given.get("s", ""))
    if drawn is None:
        return PlainTextResponse("404 Not Found", status_code=404, headers=AVATAR_HEADERS)
    return Response(drawn, media_type="image/png", headers=AVATAR_HEADERS)


async def _mails(request: Request) -> Response:
    if _wants_json(request):
        return await _mails_as_json(request)
    recipient = _recipient(request)
    page = mailbox_page(_mailbox(request).mails(recipient), recipient)
    headers = NO_STORE | {"Vary": "Accept", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(page, headers=headers)


async def _mails_as_json(request: Request) -> Response:
    found = [mail.document() for mail in _mailbox(request).mails(_recipient(request))]
    return JSONResponse({"mails": found}, headers=NO_STORE | {"Vary": "Accept"})


async def _emptied(request: Request) -> Response:
    _mailbox(request).empty(_recipient(request))
    return Response(status_code=204)


async def _livez(_: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


def _mailbox(request: Request) -> Mailbox:
    mailbox: Mailbox = request.app.state.mailbox
    return mailbox


def _recipient(request: Request) -> str:
    return request.query_params.get("to", "")


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return "application/json" in accepted and "text/html" not in accepted
