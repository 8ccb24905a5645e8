"""A Postgres of our own, from a wheel: no installation, a Unix socket only, data in one folder."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from deploy.local import postgres_files as files
from deploy.local.errors import StartError
from deploy.local.process import Pause, Program, end, run, spawn, wait_until

SUPERUSER = DATABASE = "postgres"
START_SECONDS = 20.0
# The order given by the server itself, so that a missing or odd system locale changes nothing.
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedPostgres:
    """A Postgres server whose data live in ``data_dir``; it ends with this process at the latest.

    ``start()`` gives the URL. One process at a time may hold a folder. ``durable=False`` trades
    safety against a power cut for speed: for tests.
    """

    name = "Postgres"
    vital = True
    variable = "DATABASE_URL"

    def __init__(
        self,
        data_dir: Path,
        log: Path | None = None,
        durable: bool = True,
        pause: Pause = time.sleep,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.log = log or self.data_dir.with_name(f"{self.data_dir.name}.log")
        self._durable = durable
        self._pause = pause
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "nobody" if os.geteuid() == 0 else None
        self._sockets = files.socket_folder(self.data_dir)

    @property
    def url(self) -> str:
        """Read alike by libpq, psycopg and django-environ: the folder of the socket is the host."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> str:
        """Start and wait until connections are taken; the URL. Raises StartError."""
        self.launch()
        if not wait_until(self.ready, START_SECONDS, self._pause):
            self.stop()
            raise StartError(f"Postgres was not ready within {START_SECONDS:.0f} s.", self.log)
        return self.url

    def launch(self) -> None:
        """Start without waiting; on a first start the folder is prepared. Raises StartError."""
        self._take_folder()
        binaries = files.binaries(self.data_dir)
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(binaries)
        files.clear_leftover(self.data_dir, self._sockets, self._pause)
        files.own(self._sockets, self._user)
        self._process = spawn(
            self._program(
                str(binaries / "postgres"), "-D", str(self.data_dir), *self._server_options()
            )
        )

    def ready(self) -> bool:
        """Whether it takes connections. Raises StartError if it died on the way."""
        if self.exit_code() is not None:
            raise StartError("Postgres ended while it was starting.", self.log)
        lines = files.lines(self.data_dir / "postmaster.pid")
        return (
            self._process is not None
            and len(lines) >= 8
            and lines[0] == str(self._process.pid)
            and lines[7].strip() == "ready"
        )

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, grace_seconds: float = 5.0) -> None:
        """End it: open connections are cut, data are written. Twice is harmless."""
        if self._process:
            # SIGINT is Postgres' "fast", SIGQUIT its "immediate" shutdown, repaired on next start.
            end(self._process, (signal.SIGINT, grace_seconds), (signal.SIGQUIT, 1.0))
            self._process = None
        if self._sockets != self.data_dir:
            shutil.rmtree(self._sockets, ignore_errors=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """End it at once; the data are repaired on the next start."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGQUIT)

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

    def _take_folder(self) -> None:
        """Hold the folder for the life of this process; the kernel lets go of it in any death."""
        if self._lock:
            return
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        lock = self.data_dir.with_name(f"{self.data_dir.name}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StartError(
                f"Another process already runs a Postgres on {self.data_dir}; end that one first."
            ) from None
        self._lock = lock

    def _initialise(self, binaries: Path) -> None:
        """Prepare a new folder beside its place, so that an interrupted start leaves no half."""
        fresh = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        files.own(fresh, self._user)
        options = ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions", *LOCALE]
        initdb = [str(binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER, *options]
        run(self._program(*initdb), "Postgres could not prepare its data folder.", self._pause)
        if self.data_dir.exists():
            # rename() replaces an empty folder; one with foreign files in it is left alone.
            self._refuse_foreign_files()
        fresh.rename(self.data_dir)

    def _refuse_foreign_files(self) -> None:
        if any(self.data_dir.iterdir()):
            raise StartError(
                f"{self.data_dir} holds files that are no Postgres data; move it away."
            )

    def _server_options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "shared_buffers": "32MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _program(self, *command: str) -> Program:
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return Program(command, self.log, environment, signal.SIGINT, self._user)
