"""How long an answer took, on every answer: also on those that Django never sees.

Static files, refusals at the door and requests that Django cannot read pass no middleware of ours.
"""

import time
from typing import Any

from gateway.web.facts import arrival

HEADER = b"server-timing"


def timed(application: Any) -> Any:
    """Return ``application`` (ASGI), whose answers say in Server-Timing how long they took.

    That is until their head was sent: what streams afterwards takes as long as it takes. An answer
    that says more of itself, as a composed page does, is left as it is.
    """

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        came = arrival(scope)

        async def timing(message: Any) -> None:
            if message["type"] == "http.response.start" and not _is_timed(message):
                took = b"page;dur=%.1f" % ((time.monotonic() - came) * 1000)
                message = message | {"headers": [*message.get("headers", ()), (HEADER, took)]}
            await send(message)

        await application(scope, receive, timing)

    return answering


def _is_timed(message: Any) -> bool:
    return any(name.lower() == HEADER for name, _ in message.get("headers", ()))
