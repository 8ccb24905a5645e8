"""The parts of the shop that run as processes, and the one type that all of them have."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.environment import Port
from deploy.local.errors import StartError
from deploy.local.process import Program, end, spawn

PROBE_SECONDS = 1.0
STANDINS = "standins"


class Part(Protocol):
    """Something that is started, watched and ended: a service, Postgres, Redis."""

    name: str
    log: Path
    variable: str
    vital: bool
    """Whether the shop ends where this keeps dying; pages do without the worker for long."""

    @property
    def url(self) -> str:
        """Its address, which the gateway is told as ``variable``; valid once it was launched."""

    def launch(self) -> None:
        """Start without waiting; again after a death. Raises StartError."""

    def ready(self) -> bool:
        """Whether it can be used. Raises StartError if it died on the way."""

    def exit_code(self) -> int | None:
        """None while it runs or has not been launched."""

    def stop(self, grace_seconds: float) -> None:
        """End it, by force after ``grace_seconds``. Twice is harmless."""

    def kill(self) -> None:
        """End it at once; safe within a signal handler."""


@dataclass(frozen=True)
class Service:
    """A Python module of ours that serves HTTP, and says on /livez that it lives."""

    module: str
    at: Port
    variable: str
    name: str = ""

    @property
    def url(self) -> str:
        """Where we reach it."""
        return self.at.url


class ServicePart:
    """The running process of a service."""

    vital = True

    def __init__(
        self,
        service: Service,
        environment: Mapping[str, str],
        logs: Path,
        more_ports: tuple[Port, ...] = (),
    ) -> None:
        self.name = service.name or service.module.split(".")[0]
        self.ports = (service.at, *more_ports)
        self.log = logs / f"{self.name}.log"
        self.variable = service.variable
        self.at = service.at
        self._program = Program([sys.executable, "-m", service.module], self.log, environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where we reach it."""
        return self.at.url

    def launch(self) -> None:
        """Start without waiting."""
        self._process = spawn(self._program)

    def ready(self) -> bool:
        """Whether it answers on /livez. Raises StartError if it died on the way."""
        if self.exit_code() is not None:
            raise StartError(f"{self.name} ended while it was starting.", self.log)
        status = self.ask("/livez")
        # A 4xx comes from rules about hosts and the like: somebody is there and answers.
        return status is not None and status < 500

    def ask(self, path: str) -> int | None:
        """The status that a GET of ``path`` is answered with, None for no answer."""
        host, number = self.at.reachable_host, self.at.number
        connection = http.client.HTTPConnection(host, number, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, grace_seconds: float) -> None:
        """Let it drain, at most ``grace_seconds``."""
        if self._process:
            end(self._process, (signal.SIGTERM, grace_seconds))
            self._process = None

    def kill(self) -> None:
        """End it at once."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)


class WorkerPart:
    """A process of ours that listens nowhere: it lives, or it does not."""

    url = ""
    variable = ""
    vital = False

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._program = Program([sys.executable, *command], self.log, environment)
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start without waiting."""
        self._process = spawn(self._program)

    def ready(self) -> bool:
        """Whether it lives: there is nothing to ask it."""
        return self.exit_code() is None

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, grace_seconds: float) -> None:
        """Let it finish what it does, at most ``grace_seconds``."""
        if self._process:
            end(self._process, (signal.SIGTERM, grace_seconds))
            self._process = None

    def kill(self) -> None:
        """End it at once."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
