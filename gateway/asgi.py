"""The door: http goes to Django, lifespan starts and ends what belongs to the loop."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup(set_prefix=False)

import gateway.runtime  # noqa: E402 - Django must be set up first
from gateway.chat.consumer import chat  # noqa: E402
from gateway.ops.live.ourselves import ourselves  # noqa: E402
from gateway.ops.live.presence import tell_of_us  # noqa: E402
from gateway.runtime import Runtime, close_runtime  # noqa: E402
from gateway.web.handler import Handler  # noqa: E402
from gateway.web.static import with_static_files  # noqa: E402
from gateway.web.streaming import streaming  # noqa: E402

handler = Handler()
ourselves.door = handler.door


def _build() -> Runtime:
    """Build a runtime that lets the other gateways know how this one does."""
    ours = Runtime()
    ours.keep_up(tell_of_us(ours))
    return ours


gateway.runtime.build = _build
_http = with_static_files(streaming(handler))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one connection of the ASGI server."""
    match scope["type"]:
        case "http":
            # Never from outside: links of one visitor would be poisoned by another's header.
            scope["root_path"] = ""
            await _http(scope, receive, send)
        case "lifespan":
            await _lifespan(receive, send)
        case "websocket":
            await chat(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    """Tell the server that we are up at once, and end our runtime when it ends."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await close_runtime()
            await send({"type": "lifespan.shutdown.complete"})
            return
