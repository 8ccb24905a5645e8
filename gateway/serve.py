"""``python -m gateway.serve``: the gateway, on Daphne or uvicorn, until SIGTERM."""

import asyncio
import os
import sys
from typing import Any

import uvloop


def main() -> int:
    """Serve, and return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    from django.conf import settings

    # The server first: Daphne's installs the event loop that everything else will run in.
    server_class = _server_class(settings.SERVER)

    from gateway.asgi import application, handler
    from gateway.runtime import close_runtime
    from gateway.server import garbage
    from gateway.server.doorman import Doorman
    from gateway.server.terms import Bounds, Ending
    from gateway.telemetry.logs import log
    from gateway.web.health import readiness
    from gateway.web.static import static_files_are_collected

    if not static_files_are_collected():
        sys.stderr.write("Static files are missing: run manage.py collectstatic first.\n")
        return 1
    server = server_class(
        application,
        (settings.GATEWAY_HOST, settings.GATEWAY_PORT),
        Bounds(settings.MAX_BODY_BYTES, Doorman(handler)),
        Ending(
            notice_seconds=settings.NOTICE_SECONDS,
            drain_seconds=settings.DRAIN_SECONDS,
            begin=readiness.end,
            finish=close_runtime,
        ),
    )
    log.info(
        "gateway.starts",
        host=settings.GATEWAY_HOST,
        port=settings.GATEWAY_PORT,
        server=settings.SERVER,
    )
    garbage.put_aside()
    server.run()
    if server.failure:
        sys.stderr.write(
            f"The gateway cannot listen on port {settings.GATEWAY_PORT} ({server.failure}) "
            "Set GATEWAY_PORT to one that is free.\n"
        )
        return 1
    log.info("gateway.ended")
    return 0


def _server_class(name: str) -> Any:
    if name == "uvicorn":
        from gateway.server.uvicorn.server import UvicornServer

        return UvicornServer
    from gateway.server.daphne import GracefulServer

    return GracefulServer


if __name__ == "__main__":
    sys.exit(main())
