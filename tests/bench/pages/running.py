"""A server that takes part: started on the servers' core, waited for, asked whether it is right."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.errors import StartError
from deploy.local.process import Program, end, spawn, wait_until
from tests.bench.pages.machine import SERVER_CORES, on, processor_seconds

START_SECONDS = 20.0
END_SECONDS = 2.0


@dataclass(frozen=True)
class Running:
    """A server on ``port``; ``leaders`` are the processes that, with their children, are it."""

    port: int
    leaders: tuple[int, ...]
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        """Its address, with the path of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def processor_seconds(self) -> float:
        """Return the processor time that it has had so far."""
        return sum(processor_seconds(leader) for leader in self.leaders)


class LeftOut(Exception):
    """This one cannot take part here; the sentence says why."""


def needs(program: str) -> str:
    """Return where ``program`` is; raises ``LeftOut`` where it is not installed."""
    if found := shutil.which(program):
        return found
    raise LeftOut(f"{program} is not installed here.")


def started(
    command: Sequence[str],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    cores: list[int] = SERVER_CORES,
) -> Running:
    """Start ``command`` on ``cores`` and wait for its page; raises ``StartError`` if none comes."""
    told = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **(environment or {})}
    with on(cores):
        process = spawn(Program(command, log, told))

    def answers() -> bool:
        if process.poll() is not None:
            raise StartError(f"{_name(command)} ended while it was starting: {_last(log)}")
        return answers_on(port)

    running = Running(port, (process.pid,), lambda: end(process, (15, END_SECONDS)))
    if not wait_until(answers, START_SECONDS):
        running.stop()
        raise StartError(f"{_name(command)} gave no page: {_last(log)}")
    return running


def answers_on(port: int) -> bool:
    """Whether the page on ``port`` is there."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _name(command: Sequence[str]) -> str:
    return f"{Path(command[0]).name} {command[-1]}"


def _last(log: Path) -> str:
    """Return the last line that was written, for a sentence; the file does not outlive the run."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing.")[:300]
