"""How the server on uvicorn closes its door."""

import asyncio
import socket
from typing import Any, cast

import pytest
import uvloop

from gateway.server.terms import Bounds, Ending
from gateway.server.uvicorn import server as rooms
from gateway.server.uvicorn.server import UvicornServer
from tests.unit.server.test_uvicorn_connection import GET, nobody, says_hello

PATIENCE_SECONDS = 5.0


def new_server(port: int = 0) -> UvicornServer:
    """Return a server that ends as soon as nobody is inside."""

    async def finish() -> None:
        pass

    ending = Ending(notice_seconds=0, drain_seconds=5, begin=lambda: None, finish=finish)
    return UvicornServer(says_hello, ("127.0.0.1", port), Bounds(1000, cast(Any, nobody())), ending)


@pytest.mark.enable_socket
def test_whoever_the_kernel_has_let_in_is_served_although_the_door_closes() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        said = runner.run(what_a_visitor_in_the_doorway_hears())
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in said


async def what_a_visitor_in_the_doorway_hears() -> bytes:
    server = new_server()
    listening = server._listening = rooms._listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    said = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:
            await asyncio.sleep(0)
        with socket.create_connection(listening.getsockname()) as visitor:
            visitor.sendall(GET)
            server.close_door()  # nobody has come to him yet: he waits with his whole request
            server._end()
            visitor.setblocking(False)
            while data := await asyncio.get_running_loop().sock_recv(visitor, 1000):
                said += data
        await serving
    return said


@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_a_failure_that_has_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = new_server(taken.getsockname()[1])
        server.run()
    assert "in use" in server.failure
