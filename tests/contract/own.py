"""Our own two services, started for a trial on free ports, and ended with it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
OWN = {"promo": "promo_service", "recco": "recco_service"}
"""The services' modules, by the names that the contracts give them."""


class NotStarted(Exception):
    """A service of ours did not start; the text says so with the end of its log."""


@contextmanager
def own_services() -> Iterator[Mapping[str, str]]:
    """Give the addresses of our services, by name. Raises ``NotStarted``."""
    with ExitStack() as ending, TemporaryDirectory() as folder:
        started = {}
        for name, module in OWN.items():
            log = Path(folder) / f"{module}.log"
            started[name] = (log, _start(module, log, ending))
        yield {name: _address(log, process) for name, (log, process) in started.items()}


def _start(module: str, log: Path, ending: ExitStack) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "LOG_LEVEL": "INFO"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    ending.callback(_end, process)
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Wait until the service says where it listens, and answers there."""
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        port = _port(log)
        if port and _lives(port):
            return f"http://127.0.0.1:{port}"
        time.sleep(0.03)
    end = log.read_text(errors="replace")[-500:]
    raise NotStarted(f"{log.stem} did not start. The end of its log:\n{end}")


def _port(log: Path) -> int:
    for line in log.read_text(errors="replace").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "port" in said:
            return int(said["port"])
    return 0


def _lives(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
