"""Daphne, ending without losing a request.

By itself it drops everything in flight when it is told to end. Here it first says that it wants no
more traffic, then closes its door, then waits for what is inside.
"""

import asyncio
import functools
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import daphne.server
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory
from twisted.internet import reactor

from gateway.server.channel import BoundedChannel
from gateway.server.network import Connection
from gateway.server.porch import Porch
from gateway.server.request import BoundedRequest
from gateway.server.websocket import BoundedWebSocket

if TYPE_CHECKING:  # it needs Django set up, which comes after the event loop that this installs
    from gateway.server.doorman import Doorman

log = logging.getLogger(__name__)

BACKLOG = 1024
POLL_SECONDS = 0.02
QUIET_SECONDS = 0.25
"""For how long nothing must have been in flight before we believe that nothing more comes."""


class BoundedFactory(HTTPFactory):
    """Makes every connection and its requests ours."""

    protocol = BoundedChannel

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        """Return the protocol of a new connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


# Daphne's server names its factory itself and takes no other; this is the name that it looks up.
daphne.server.HTTPFactory = BoundedFactory


@dataclass(frozen=True, slots=True)
class Ending:
    """How a server ends.

    ``notice_seconds`` is how long it goes on answering after it has told the load balancer that it
    ends, ``drain_seconds`` how long it then waits for what is in flight. ``begin`` is called first,
    ``finish`` is awaited last.
    """

    notice_seconds: float
    drain_seconds: float
    begin: Callable[[], None]
    finish: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server takes: bodies of so many bytes, and whom ``doorman`` does not turn away."""

    most_body_bytes: int
    doorman: "Doorman"


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
        self.draining = False
        self.failure = ""
        self._ending = ending
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
        """Start the application for a request; where its body is streamed, on that stream."""
        incoming = getattr(protocol, "incoming", None)
        if incoming is None:
            return super().create_application(protocol, scope)
        scope.setdefault("asgi", {"version": "3.0"})
        send = functools.partial(self.handle_reply, protocol)
        running = self.application(scope=scope, receive=incoming.receive, send=send)
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(running)
        return incoming

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
            self._ending.begin()
            await asyncio.sleep(self._ending.notice_seconds)
            self.draining = True
            for port in self._ports:
                _close(port)
            self._part_with_websockets()
            await self._empty()
            await self._ending.finish()
        except Exception:
            log.exception("drain.failed")
        finally:
            self.stop()

    def _part_with_websockets(self) -> None:
        """Close them: they would last for hours, and whoever is there comes back to another one."""
        for protocol in list(self.connections):
            if isinstance(protocol, BoundedWebSocket):
                protocol.go_away()

    async def _empty(self) -> None:
        """Return once nothing has been in flight for a moment, or when the time is over."""
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        until = quiet_since + self._ending.drain_seconds
        while loop.time() < min(until, quiet_since + QUIET_SECONDS):
            await asyncio.sleep(POLL_SECONDS)
            # An answer that its visitor has not taken in yet is not over either.
            if self.in_flight() or _unsent():
                quiet_since = loop.time()

    def in_flight(self) -> int:
        """Return how many requests are being received or answered."""
        return sum(1 for details in self.connections.values() if _is_in_flight(details))


def _close(port: Any) -> None:
    """Close a listening port behind those whom the kernel has let in already.

    It would reset all that wait to be accepted, whose requests may be here in full.
    """
    port.numberAccepts = BACKLOG
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
