"""The door: http goes to Django, lifespan starts and ends what belongs to the loop."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup(set_prefix=False)

from gateway.chat.consumer import chat  # noqa: E402 - Django must be set up first
from gateway.runtime import close_runtime  # noqa: E402
from gateway.web.handler import Handler  # noqa: E402
from gateway.web.static import with_static_files  # noqa: E402
from gateway.web.streaming import streaming  # noqa: E402

handler = Handler()
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
