"""Docker's command line, and what these tests ask of it."""

import json
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 60
BUILD_SECONDS = 900
START_SECONDS = 180
SETTINGS = {
    # Nothing kept, so that what is down is seen to be down.
    "PROMO_FRESH_SECONDS": "0",
    "RECCO_FRESH_SECONDS": "0",
    # And time enough for a busy machine: these tests are not about how fast it is.
    "PAGE_BUDGET_SECONDS": "2.5",
    "PROMO_TIMEOUT_SECONDS": "1.5",
    "RECCO_TIMEOUT_SECONDS": "1.5",
    "MEMBERS_TIMEOUT_SECONDS": "1.5",
    "BOOKS_TIMEOUT_SECONDS": "1.5",
}


class DockerError(Exception):
    """A command of Docker's failed; the text is what it said."""


def docker(*arguments: str, timeout_seconds: float = COMMAND_SECONDS, **variables: str) -> str:
    """Run ``docker`` with these arguments, and return what it wrote to stdout.

    Only what Docker itself needs is taken from this process's environment, so that the settings
    of whoever runs the tests do not reach the stack. Raises :class:`DockerError`.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR") or name.startswith(("DOCKER_", "COMPOSE_BAKE"))
    }
    try:
        done = subprocess.run(
            ["docker", *arguments],
            env=kept | variables,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise DockerError(f"docker {' '.join(arguments)}: {exc}") from exc
    if done.returncode:
        raise DockerError(f"docker {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def answers() -> bool:
    """Return whether an engine and Compose are here."""
    try:
        docker("info")
        docker("compose", "version")
    except DockerError:
        return False
    return True


def inspect(*names: str) -> list[dict[str, Any]]:
    """Return what Docker knows of these containers or images."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", *names))
    return found


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Stack:
    """One project of Compose with a name and a port of its own."""

    project: str
    port: int

    def compose(self, *arguments: str, timeout_seconds: float = COMMAND_SECONDS) -> str:
        """Run ``docker compose`` for this stack; nothing is read from a ``.env`` that lies here."""
        return docker(
            *("compose", "--project-name", self.project, "--env-file", os.devnull, *arguments),
            timeout_seconds=timeout_seconds,
            GATEWAY_PORT=str(self.port),
            **SETTINGS,
        )

    def build(self) -> None:
        """Build the images."""
        self.compose("build", timeout_seconds=BUILD_SECONDS)

    def up(self, *options: str, gateways: int = 1) -> None:
        """Start what does not run, and return when all of it is healthy."""
        scale = f"gateway={gateways}"
        self.compose("up", *options, "--wait", "--scale", scale, timeout_seconds=START_SECONDS)

    def down(self) -> None:
        """Remove all of it, volumes included."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")

    def stop(self, service: str) -> None:
        """Stop a service at once."""
        self.compose("stop", "--timeout", "1", service)

    def start(self, service: str) -> None:
        """Start a service that was stopped."""
        self.compose("start", service)

    def containers(self, service: str) -> list[str]:
        """Return the ids of the service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def logs(self, *services: str, tail: int = 2000) -> str:
        """Return what these services, or all, have logged."""
        return self.compose("logs", "--no-color", "--no-log-prefix", "--tail", str(tail), *services)

    def run_in(self, service: str, *command: str) -> str:
        """Run a command in the service's first container; raises :class:`DockerError`."""
        return self.compose("exec", "-T", service, *command)

    def everything(self) -> list[dict[str, Any]]:
        """Return what Docker knows of each container, the ended ones included."""
        return inspect(*self.compose("ps", "--all", "--quiet").split())
