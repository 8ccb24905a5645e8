"""``python -m tests.standins``: serve HTTP and SMTP until SIGTERM or Ctrl-C."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette

from tests.standins.app import create_app
from tests.standins.mailbox import MOST_BYTES_OF_ONE, Mailbox

IDLE_SECONDS = 60.0
"""After which a mail client that says nothing is hung up on."""


class SettingError(Exception):
    """A setting is malformed; the text is one sentence for the person who starts this."""


@dataclass(frozen=True)
class Settings:
    """What the environment says: ``HOST``, ``PORT`` and ``SMTP_PORT`` (0 picks a free one)."""

    host: str
    port: int
    smtp_port: int


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Judge the environment; raise ``SettingError`` that names the bad variable."""
    return Settings(
        environ.get("HOST", "127.0.0.1"),
        _port(environ, "PORT", "8003"),
        _port(environ, "SMTP_PORT", "8025"),
    )


def _port(environ: Mapping[str, str], name: str, default: str) -> int:
    value = environ.get(name, default)
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) > 65535:
        raise SettingError(f"{name} must be a number from 0 to 65535.")
    return int(value)


def listen(host: str, port: int, name: str) -> socket.socket:
    """The listening socket; raise ``SettingError`` if the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as exc:
        reason = (exc.strerror or "not an address").partition(" (")[0]
        raise SettingError(
            f"Cannot listen on HOST={host!r} {name}={port} ({reason}); set another one."
        ) from exc
    # Without it every answer on a connection that is used again waits for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def application(smtp: socket.socket) -> Starlette:
    """The application, which takes mail on ``smtp`` as long as it lives."""
    mailbox = Mailbox()

    @asynccontextmanager
    async def taking_mail(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _smtp_session(mailbox), sock=smtp)
        try:
            yield
        finally:
            server.close()

    return create_app(mailbox, lifespan=taking_mail)


def _smtp_session(mailbox: Mailbox) -> SMTP:
    return SMTP(
        mailbox,
        data_size_limit=MOST_BYTES_OF_ONE,
        enable_SMTPUTF8=True,
        hostname="standin",
        ident="stand-in mailbox",
        timeout=IDLE_SECONDS,
    )


def serve(settings: Settings) -> None:
    """Run until a signal. Leaves with exit code 0."""
    http = listen(settings.host, settings.port, "PORT")
    smtp = listen(settings.host, settings.smtp_port, "SMTP_PORT")
    said = {
        "event": "listening",
        "host": settings.host,
        "port": http.getsockname()[1],
        "smtp_port": smtp.getsockname()[1],
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        application(smtp),
        http="h11",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=500,
        timeout_keep_alive=75,  # Longer than callers pool a connection, so that they close first.
        timeout_graceful_shutdown=5,
    )
    # uvicorn raises the signal again when it has drained: an orderly end is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[http])


def main() -> None:
    """Start, or say in one sentence why not and leave with exit code 1."""
    try:
        serve(settings_from(os.environ))
    except SettingError as exc:
        sys.exit(f"standins: {exc}")
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
