"""``python -m gateway.serve``: the gateway, on Daphne, until SIGTERM."""

import asyncio
import os
import sys

import uvloop


def main() -> int:
    """Serve, and return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # Daphne's server first: it installs the event loop that everything else will run in.
    from gateway.server.daphne import GracefulServer  # isort: skip

    from gateway.asgi import application, handler  # isort: skip
    from django.conf import settings

    from gateway.runtime import close_runtime
    from gateway.server.doorman import Doorman
    from gateway.server.terms import Bounds, Ending
    from gateway.telemetry.logs import log
    from gateway.web.health import readiness
    from gateway.web.static import static_files_are_collected

    if not static_files_are_collected():
        sys.stderr.write("Static files are missing: run manage.py collectstatic first.\n")
        return 1
    server = GracefulServer(
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
    log.info("gateway.starts", host=settings.GATEWAY_HOST, port=settings.GATEWAY_PORT)
    server.run()
    if server.failure:
        sys.stderr.write(
            f"The gateway cannot listen on port {settings.GATEWAY_PORT} ({server.failure}) "
            "Set GATEWAY_PORT to one that is free.\n"
        )
        return 1
    log.info("gateway.ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
