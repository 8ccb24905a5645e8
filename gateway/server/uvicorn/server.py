"""uvicorn, with uvloop and httptools, ending without losing a request."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from django.utils.http import http_date

from gateway.server import doorstep
from gateway.server.draining import drain
from gateway.server.outbox import Outbox
from gateway.server.pace import MOST_MESSAGE_BYTES, PING_SECONDS
from gateway.server.terms import BACKLOG, Bounds, Ending
from gateway.server.uvicorn.connection import BoundedConnection
from gateway.server.uvicorn.websocket import BoundedWebSocket

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the date is set anew, and who takes too long is looked for."""


class UvicornServer(uvicorn.Server):
    """Serves ``application`` on ``host`` and ``port`` until SIGTERM or SIGINT."""

    def __init__(
        self, application: Any, address: tuple[str, int], bounds: Bounds, ending: Ending
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                loop="uvloop",
                http=functools.partial(BoundedConnection, self),  # type: ignore[arg-type]
                ws=BoundedWebSocket,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
                ws_max_size=MOST_MESSAGE_BYTES,
                ws_ping_interval=PING_SECONDS,
                ws_ping_timeout=PING_SECONDS,
                ws_per_message_deflate=False,
                reset_contextvars=True,
            )
        )
        self.most_body_bytes = bounds.most_body_bytes
        self.doorman = bounds.doorman
        self.outbox = Outbox()
        self.draining = False
        self.failure = ""
        self.servers = []
        self._address = address
        self._ending = ending
        self._listening: socket.socket
        self._over = asyncio.Event()
        self._ends: asyncio.Task[None] | None = None
        self._let_in: set[asyncio.Task[Any]] = set()

    def run(self, sockets: Any = None) -> None:
        """Serve until the end; or say in ``failure`` why that cannot be."""
        try:
            self._listening = _listen(*self._address)
        except OSError as error:
            self.failure = f"{error}."
            return
        super().run(sockets=[self._listening])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear that the end has come."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    async def main_loop(self) -> None:
        """Serve until it is over."""
        watching = asyncio.create_task(self._watch())
        await self._over.wait()
        watching.cancel()

    async def shutdown(self, sockets: Any = None) -> None:
        """Give up what is still in flight when the time to wait for it is over."""
        self.close_door()
        # It is told that it is over, and would report that as an error.
        logging.getLogger("uvicorn.error").disabled = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        given_up = list(self.server_state.tasks)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)

    async def empty_doorstep(self) -> None:
        """Let nobody more begin to connect, and those come in who have begun."""
        await doorstep.empty(self._listening)

    def close_door(self) -> None:
        """Take no more connections, and let those that are here end with their next answer.

        Whom the kernel has let in already is served: it would reset all that wait to be accepted,
        whose requests may be here in full.
        """
        if self.draining:
            return
        self.draining = True
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._listening.accept()
                visitor.setblocking(False)
                letting_in = loop.connect_accepted_socket(self._new_connection, visitor)
                self._let_in.add(loop.create_task(letting_in))
        for server in self.servers:
            server.close()
        self._listening.close()

    def part_with_websockets(self) -> None:
        """Close them: they would last for hours, and whoever is there comes back to another one."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedWebSocket):
                connection.go_away()

    def is_busy(self) -> bool:
        """Whether a request is being received or answered, or an answer is not yet taken in."""
        return any(connection.is_busy for connection in self.server_state.connections)  # type: ignore[union-attr]

    def _new_connection(self) -> Any:
        given = {"config": self.config, "server_state": self.server_state, "app_state": {}}
        return self.config.http_protocol_class(**given)

    def _end(self) -> None:
        if self._ends is None:
            self._ends = asyncio.ensure_future(self._drain())
        else:
            self._over.set()  # told twice: whoever asks is in a hurry

    async def _drain(self) -> None:
        try:
            await drain(self, self._ending)
        except Exception:
            log.exception("drain.failed")
        finally:
            self._over.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # An origin with a clock says when it answered (RFC 9110, 6.6.1).
            self.server_state.default_headers = [(b"date", http_date().encode())]
            await asyncio.sleep(LOOK_SECONDS)
            for connection in list(self.server_state.connections):
                connection.look(loop.time())  # type: ignore[union-attr]


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
