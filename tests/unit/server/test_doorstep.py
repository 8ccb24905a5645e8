"""The last moments of a listening socket: who is in is served, and nobody more comes in."""

import errno
import select
import socket
import sys
from collections.abc import Iterator

import pytest

from gateway.server.doorstep import overlook_newcomers

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux can overlook who begins to connect"
)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5.0)
        yield listening


def connected(listening: socket.socket, seconds: float = 5.0) -> socket.socket:
    return socket.create_connection(listening.getsockname(), timeout=seconds)


def test_who_was_let_in_is_served_and_nobody_more_comes_in(listening: socket.socket) -> None:
    with connected(listening) as early:
        early.sendall(b"before")
        assert overlook_newcomers(listening)
        with pytest.raises(TimeoutError):
            connected(listening, 0.3)
        with listening.accept()[0] as visitor:
            assert visitor.recv(100) == b"before"
            early.sendall(b"after")
            assert visitor.recv(100) == b"after"
            visitor.sendall(b"answer")
            assert early.recv(100) == b"answer"


def test_once_it_is_closed_who_tries_again_is_refused(listening: socket.socket) -> None:
    """He has been overlooked, and not reset: what he wants to say has never left him."""
    overlook_newcomers(listening)
    with socket.socket() as late:
        late.setblocking(False)
        assert late.connect_ex(listening.getsockname()) == errno.EINPROGRESS
        listening.close()
        select.select([], [late], [], 5.0)  # the kernel tries again after a second
        assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
