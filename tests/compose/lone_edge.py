"""The edge alone, in front of an echo, on a network whose addresses are public ones."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deploy.local.process import wait_until
from tests.compose.docker import REPOSITORY, docker, inspect
from tests.compose.visitor import Visitor

# TEST-NET-3 (RFC 5737): nobody's, and not private. To the edge we come from its first address.
NETWORK = "203.0.113.0/24"
VISITOR_ADDRESS = "203.0.113.1"
SETTLE_SECONDS = 20
MARK = "/settled-"
HARDENED = (
    *("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    *("--tmpfs=/tmp:size=64m,mode=1777", "--ulimit=nofile=16384"),
)


@dataclass(frozen=True)
class LoneEdge:
    """An edge and its echo, by the names of their containers."""

    edge: str
    echo: str
    visitor: Visitor

    def log(self) -> list[bytes]:
        """Return the lines of the edge's log."""
        return docker("logs", self.edge).encode("utf-8", "surrogateescape").splitlines()

    def settled_log(self) -> list[bytes]:
        """Return the lines of the edge's log, once the engine has handed on all that was written.

        A container's log lags behind what it serves; a request of our own marks the end of it, and
        is left out.
        """
        mark = f"{MARK}{secrets.token_hex(4)}"
        self.visitor.get(mark)
        arrived = wait_until(lambda: mark.encode() in b"".join(self.log()), SETTLE_SECONDS)
        assert arrived, "the edge's log does not arrive"
        return [line for line in self.log() if MARK.encode() not in line]

    def requests(self) -> list[dict[str, Any]]:
        """Return what the edge has logged."""
        return [json.loads(line) for line in self.settled_log()]

    def echoed(self) -> int:
        """Return how many requests have reached the echo."""
        return sum(bool(line["gateway"]) for line in self.requests())


@contextmanager
def lone_edge(
    *options: str, known_as: str = "gateway", behind: Sequence[str] = ()
) -> Iterator[LoneEdge]:
    """Start both; remove them at the end.

    ``options`` are for the edge's ``docker run``; ``known_as`` is the name by which it looks for
    the gateways. ``behind`` is for the ``docker run`` of what stands behind it, if that is not to
    be the echo.
    """
    name = f"e2e-edge-{secrets.token_hex(4)}"
    edge, echo = f"{name}-edge", f"{name}-echo"
    source = (REPOSITORY / "tests/compose/echo.py").read_text(encoding="utf-8")
    docker("network", "create", "--subnet", NETWORK, name)
    try:
        start = ("run", "--detach", "--network", name, *HARDENED)
        docker(
            *(*start, "--name", echo, "--network-alias", known_as),
            *(behind or ("page-aggregator/gateway", "python", "-c", source)),
        )
        published = ("--publish", "127.0.0.1::8080")
        docker(*start, "--name", edge, *published, *options, "page-aggregator/edge")
        [found] = inspect(edge)
        port = int(found["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])
        visitor = Visitor(port)
        visitor.waits_for(lambda answer: answer.status == 200, "/livez")
        yield LoneEdge(edge, echo, visitor)
    finally:
        docker("rm", "--force", "--volumes", edge, echo)
        docker("network", "rm", name)
