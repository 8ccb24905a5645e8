"""Starting and ending the services as processes of their own."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.services.asking import SERVICE_NAMES

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30
either = pytest.mark.parametrize("name", SERVICE_NAMES)


@contextmanager
def started(name: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A service as a process, ended for certain afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"{name}_service"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@either
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_service_answers_then_ends_in_order(name: str, end: signal.Signals) -> None:
    with started(name, PORT="0") as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        assert listening["event"] == "listening"
        url = f"http://127.0.0.1:{listening['port']}/livez"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as reply:
            assert reply.status == 200
            assert "server" not in reply.headers
        process.send_signal(end)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert errors == ""
        assert all(json.loads(line) for line in output.splitlines())


@either
@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"PORT": ""}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "-1"}, "PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"HOST": "999.1.1.1", "PORT": "0"}, "HOST"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_sentence(
    name: str, environ: dict[str, str], names: str
) -> None:
    with started(name, **environ) as process:
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert output == ""
    assert errors.startswith(f"{name}_service: ")
    assert names in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(("name", "port"), [("promo", 8001), ("recco", 8002)])
def test_the_defaults_are_the_local_ones(name: str, port: int) -> None:
    settings = importlib.import_module(f"{name}_service.__main__").settings_from({})
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", port, "INFO")


@pytest.mark.parametrize("name", SERVICE_NAMES)
def test_answers_are_not_held_back_for_an_acknowledgement(name: str) -> None:
    """The listener hands TCP_NODELAY to what it accepts; without it each reuse costs 40 ms."""
    service = importlib.import_module(f"{name}_service.__main__")
    with service.listen(service.settings_from({"PORT": "0"})) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("name", SERVICE_NAMES)
def test_the_door_is_told_how_many_requests_the_server_has_in_hand(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = importlib.import_module(f"{name}_service.__main__")
    told: list[int] = []

    class Server:
        """Has three requests in hand, and ends at once."""

        def __init__(self, config: Any) -> None:
            self.server_state = SimpleNamespace(tasks={1, 2, 3})
            self._state = config.app.state

        def run(self, sockets: list[socket.socket]) -> None:
            told.append(self._state.inside())
            del self._state.inside
            sockets[0].close()

    monkeypatch.setattr(service.uvicorn, "Server", Server)
    monkeypatch.setattr(service.logs, "configure", lambda level: None)
    monkeypatch.setattr(service.signal, "signal", lambda *_: None)
    service.serve(service.settings_from({"PORT": "0"}))
    assert told == [3]
