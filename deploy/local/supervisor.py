"""Starts the whole shop, watches it, ends it in order."""

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import environment as rules
from deploy.local import keepsakes, plan
from deploy.local.errors import StartError
from deploy.local.parts import STANDINS, Part, ServicePart
from deploy.local.process import Program, run
from deploy.local.speech import greeting, say
from deploy.local.stopping import Stopped, StopRequest
from deploy.local.watch import Watched

READY_SECONDS = 60.0
READY_POLL_SECONDS = 0.05
DEPENDENCIES_SECONDS = 5.0
WATCH_SECONDS = 0.2
# The gateway drains, at most as long as it is told to; the rest has nothing to do by then.
GRACE_SECONDS = {"gateway": rules.DRAIN_SECONDS + 0.5, "worker": 3.0}
USUAL_GRACE_SECONDS = 1.5


class Shop:
    """All parts of one start.

    ``folder`` takes data, logs and secrets. ``given`` is the person's environment, whose values
    win over what is filled in. ``parent`` is the make that started us, if one did.
    """

    def __init__(self, folder: Path, given: Mapping[str, str], parent: int | None = None) -> None:
        self._folder = folder
        self._logs = folder / "log"
        self._given = given
        self._parts: list[Part] = []
        self._ending = contextlib.ExitStack()
        self._stop = StopRequest(self._hurry, parent)

    def run(self) -> None:
        """Start, watch, and end when asked to. Raises StartError; no process is left either way."""
        with self._stop, keepsakes.sole_start(self._folder), self._ending:
            try:
                self._start()
                self._watch()
            except Stopped:
                say("Ending everything ...")
        say("Everything has ended.")

    def _start(self) -> None:
        gateway = plan.gateway(self._given)
        upstreams = plan.upstream_parts(self._given, self._logs)
        rules.check_ports([gateway.at, *(port for part in upstreams for port in part.ports)])
        self._clear_logs()
        self._launch([*self._databases(), *upstreams])
        urls = {part.variable: part.url for part in self._parts}
        for part in upstreams:
            if part.name == STANDINS:
                smtp = part.ports[1].number
                urls |= rules.standin_addresses(self._given, part.url, smtp)
        environment = plan.gateway_environment(self._folder, self._given, urls)
        self._prepare(environment)
        front = ServicePart(gateway, environment, self._logs)
        self._launch([front, plan.worker(environment, self._logs)])
        self._await_dependencies(front)
        keepsakes.note_running(self._folder, urls)
        say(greeting([*upstreams, front], self._given, environment, self._logs))

    def _databases(self) -> list[Part]:
        embedded = plan.databases(self._folder, self._stop.pause)
        return [part for part in embedded if not rules.given(self._given, part.variable)]

    def _clear_logs(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        for log in self._logs.glob("*.log*"):
            if log.name != "install.log":
                log.unlink()

    def _launch(self, parts: Sequence[Part]) -> None:
        """Start all of them side by side and wait until each is ready; note how they end."""
        say(f"Starting {', '.join(part.name for part in parts)} ...")
        for part in parts:
            self._parts.append(part)
            self._ending.callback(part.stop, GRACE_SECONDS.get(part.name, USUAL_GRACE_SECONDS))
            part.launch()
        give_up_at = time.monotonic() + READY_SECONDS
        waiting = list(parts)
        while waiting := [part for part in waiting if not part.ready()]:
            if time.monotonic() > give_up_at:
                late = waiting[0]
                raise StartError(f"{late.name} was not ready in {READY_SECONDS:.0f} s.", late.log)
            self._stop.pause(READY_POLL_SECONDS)

    def _prepare(self, environment: Mapping[str, str]) -> None:
        say("Preparing the database and the static files ...")
        command = [sys.executable, "-m", "deploy.local.prepare"]
        program = Program(command, self._logs / "prepare.log", environment)
        run(program, "The database or the static files cannot be prepared.", self._stop.pause)

    def _await_dependencies(self, front: ServicePart) -> None:
        """A gateway that misses something still serves pages, so this is no reason to end."""
        give_up_at = time.monotonic() + DEPENDENCIES_SECONDS
        while front.ask("/readyz") != 200:
            if time.monotonic() > give_up_at:
                say(f"Note: something that the gateway asks is missing, see {front.url}/readyz")
                return
            self._stop.pause(READY_POLL_SECONDS)

    def _watch(self) -> None:
        watched = [Watched(part, say, time.monotonic()) for part in self._parts]
        while True:
            self._stop.pause(WATCH_SECONDS)
            for each in watched:
                each.look(time.monotonic())

    def _hurry(self) -> None:
        """Called within a signal handler when the wish to end is repeated."""
        for part in self._parts:
            part.kill()
