"""The gateway on servers that are not ours: Django's own command, and uvicorn."""

import signal

import pytest

from deploy.local.process import wait_until
from deploy.local.redis import free_port
from tests.live import Server, Shop, complete

START_SECONDS = 20.0
END_SECONDS = 10.0


def on_another_server(shop: Shop, *command: str) -> Server:
    """Return the gateway on the server that ``command`` starts; PORT in it is a free one."""
    port = str(free_port())
    server = shop.new_gateway(*(word.replace("PORT", port) for word in command))
    server.port = int(port)
    return server


def test_runserver_is_daphnes_and_shows_the_page(shop: Shop) -> None:
    """As a developer starts it: with the process that watches the files."""
    server = on_another_server(shop, "manage.py", "runserver", "127.0.0.1:PORT")
    try:
        server.launch()
        assert wait_until(lambda: complete(server), START_SECONDS), server.said()
        assert "daphne" in server.said().lower()
        assert "Traceback" not in server.said()
    finally:
        server.stop()


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_uvicorn_serves_the_page_and_ends_well(shop: Shop, lifespan: str) -> None:
    words = ["--host", "127.0.0.1", "--port", "PORT", "--lifespan", lifespan]
    server = on_another_server(shop, "-m", "uvicorn", "gateway.asgi:application", *words)
    try:
        server.start()
        assert wait_until(lambda: complete(server), START_SECONDS), server.said()
        server.signal(signal.SIGTERM)
        # uvicorn raises the signal again when it has drained, and dies of it.
        assert server.wait(END_SECONDS) in (0, -signal.SIGTERM)
        assert "Traceback" not in server.said()
        assert "unclosed" not in server.said().lower()
    finally:
        server.stop()
