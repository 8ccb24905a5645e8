"""Daphne, ending without losing a request.

By itself it drops everything in flight when it is told to end. Here it first says that it wants no
more traffic, then closes its door, then waits for what is inside.
"""

import asyncio
import functools
import logging
import signal
from contextvars import Context
from typing import Any

import daphne.server
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory
from twisted.internet import reactor

from gateway.server import doorstep
from gateway.server.channel import BoundedChannel
from gateway.server.draining import drain
from gateway.server.exchange import Exchange
from gateway.server.guests import note
from gateway.server.network import Connection
from gateway.server.outbox import Outbox
from gateway.server.porch import Porch
from gateway.server.request import BoundedRequest
from gateway.server.terms import BACKLOG, Bounds, Ending
from gateway.server.websocket import BoundedWebSocket

log = logging.getLogger(__name__)


class BoundedFactory(HTTPFactory):
    """Makes every connection and its requests ours."""

    protocol = BoundedChannel

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        """Return the protocol of a new connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol

    def log(self, request: Any) -> None:
        """Write no line: ours stands in the log, and nobody would see Twisted's."""


# Daphne's server names its factory itself and takes no other; this is the name that it looks up.
daphne.server.HTTPFactory = BoundedFactory


class GracefulServer(daphne.server.Server):
    """Serves ``application`` on ``host`` and ``port`` until SIGTERM or SIGINT."""

    def __init__(
        self, application: Any, address: tuple[str, int], bounds: Bounds, ending: Ending
    ) -> None:
        host, port = address
        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(
            application,
            endpoints=[f"{endpoint}:backlog={BACKLOG}" for endpoint in endpoints],
            signal_handlers=False,
            ready_callable=self._ready,
            server_name="",
        )
        self.most_body_bytes = bounds.most_body_bytes
        self.doorman = bounds.doorman
        self.outbox = Outbox()
        self.draining = False
        self.failure = ""
        self._ending = ending
        self._exchanging: set[asyncio.Task[None]] = set()
        self._ports: list[Any] = []
        self._task: asyncio.Task[None] | None = None

    def listen_success(self, port: Any) -> None:
        """Keep the port, to close it when the end begins: Daphne does not hand it on."""
        super().listen_success(port)
        port.socket = Porch(port.socket, self.doorman)
        port.fileno = port.socket.fileno
        port.transport = Connection
        self._ports.append(port)

    def listen_error(self, failure: Any) -> None:
        """Remember why there is no listening, and do not start."""
        self.failure = failure.getErrorMessage()
        self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for a request; where its body is streamed, on that stream.

        In a context of its own: it may have stood in line behind another one.
        """
        return Context().run(self._create_application, protocol, scope)

    def _create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, BoundedRequest):
            note(protocol.channel, scope)
        incoming = getattr(protocol, "incoming", None)
        if incoming is None:
            return super().create_application(protocol, scope)
        scope.setdefault("asgi", {"version": "3.0"})
        send = functools.partial(self.handle_reply, protocol)
        running = self.application(scope=scope, receive=incoming.receive, send=send)
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(running)
        return incoming

    def start(self, exchange: Exchange) -> None:
        """Start the application for a request that needed no parser."""
        loop = asyncio.get_running_loop()
        running = loop.create_task(exchange.run_asgi(self.application), context=Context())
        self._exchanging.add(running)
        running.add_done_callback(self._exchanging.discard)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass on a part of an answer, and wait where the visitor is slow to take it in."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, BoundedRequest | BoundedWebSocket):
            await protocol.taken_in()

    def kill_all_applications(self) -> Any:
        """Cancel what is still in flight when the time to wait for it is over."""
        for details in self.connections.values():
            if running := details.get("application_instance"):
                running.cancel()
        for exchanging in self._exchanging:
            exchanging.cancel()

    def _ready(self) -> None:
        loop = asyncio.get_event_loop_policy().get_event_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)

    def _end(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._drain())
        else:
            self.stop()  # told twice: whoever asks is in a hurry

    async def _drain(self) -> None:
        try:
            await drain(self, self._ending)
        except Exception:
            log.exception("drain.failed")
        finally:
            self.stop()

    async def empty_doorstep(self) -> None:
        """Let nobody more begin to connect, and those come in who have begun."""
        await doorstep.empty(*(port.socket for port in self._ports))

    def close_door(self) -> None:
        """Take no more connections, and let those that are here end with their next answer."""
        self.draining = True
        for port in self._ports:
            _close(port)

    def part_with_websockets(self) -> None:
        """Close them: they would last for hours, and whoever is there comes back to another one."""
        for protocol in list(self.connections):
            if isinstance(protocol, BoundedWebSocket):
                protocol.go_away()

    def is_busy(self) -> bool:
        """Whether a request is being received or answered, or an answer is not yet taken in."""
        in_flight = self._exchanging or any(map(_is_in_flight, self.connections.values()))
        return bool(in_flight) or _unsent()


def _close(port: Any) -> None:
    """Close a listening port behind those whom the kernel has let in already.

    It would reset all that wait to be accepted, whose requests may be here in full.
    """
    for _ in range(3):  # where the kernel overlooks nobody, others come while one look lasts
        port.numberAccepts = port.socket.at_a_time = BACKLOG
        port.doRead()
    port.stopListening()


def _unsent() -> bool:
    """Tell whether any connection still has something to send."""
    # The reactor's type describes a module that is replaced when it is imported.
    return bool(reactor.getWriters())  # type: ignore[misc]


def _is_in_flight(details: dict[str, Any]) -> bool:
    """Tell by Daphne's notes on a request, which it takes from the first line on."""
    running = details.get("application_instance")
    return "disconnected" not in details or (running is not None and not running.done())
