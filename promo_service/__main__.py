"""``python -m promo_service``: serve over HTTP until SIGTERM or Ctrl-C, then drain."""

import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping

import msgspec
import uvicorn
from starlette.applications import Starlette

from promo_service import logs, traces
from promo_service.campaigns import CalendarError
from promo_service.crowd import MOST_CONNECTIONS

log = logging.getLogger("promo_service")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingError(Exception):
    """A setting is malformed; the text is one sentence for the person who starts the service."""


class Settings(msgspec.Struct, frozen=True):
    """What the environment says: ``HOST``, ``PORT`` (0 picks a free one) and ``LOG_LEVEL``."""

    host: str
    port: int
    log_level: str


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Judge the environment; raise :class:`SettingError` that names the bad variable."""
    port = environ.get("PORT", "8001")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise SettingError("PORT must be a number from 0 to 65535.")
    level = environ.get("LOG_LEVEL", "INFO").upper()
    if level not in _LOG_LEVELS:
        raise SettingError(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}.")
    return Settings(environ.get("HOST", "127.0.0.1"), int(port), level)


def listen(settings: Settings) -> socket.socket:
    """The listening socket; raise :class:`SettingError` if the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as exc:
        where = f"HOST={settings.host!r} PORT={settings.port}"
        reason = (exc.strerror or "not an address").partition(" (")[0]
        raise SettingError(f"Cannot listen on {where} ({reason}); set another one.") from exc
    # asyncio sets this only where it made the socket itself. Without it, every answer on a
    # connection that is used again waits 40 ms for the other side's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def application() -> Starlette:
    """The application; raise :class:`SettingError` if what it ships with is damaged."""
    try:
        from promo_service.app import app  # Importing it reads the data.
    except CalendarError as exc:
        raise SettingError(f"{exc} Install the service again.") from exc
    return app


def serve(settings: Settings) -> None:
    """Run until a signal; requests in flight are answered first. Leaves with exit code 0."""
    app = application()
    listener = listen(settings)
    logs.configure(settings.log_level)
    host, port = listener.getsockname()[:2]
    log.info("listening", extra={"host": host, "port": port})
    config = uvicorn.Config(
        app,
        http="h11",  # It bounds the head of a request; the other parser does not.
        h11_max_incomplete_event_size=16 * 1024,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # The door logs each request with its id.
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=75,  # Longer than callers pool a connection, so that they close first.
        timeout_graceful_shutdown=10,
    )
    # uvicorn raises the signal again when it has drained: an orderly end is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = uvicorn.Server(config)
    app.state.inside = lambda: len(server.server_state.tasks)  # The door refuses by it.
    app.state.tracing = tracing = traces.tracing_from(os.environ)
    try:
        server.run(sockets=[listener])
    finally:
        if tracing is not None:
            tracing.close()


def main() -> None:
    """Start, or say in one sentence why not and leave with exit code 1."""
    try:
        serve(settings_from(os.environ))
    except SettingError as exc:
        sys.exit(f"promo_service: {exc}")
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
