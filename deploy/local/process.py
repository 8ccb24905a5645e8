"""Starting and ending one child process."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StartError

REPOSITORY = Path(__file__).resolve().parents[2]
LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.03

Pause = Callable[[float], None]
"""Waits that many seconds. The supervisor's own raises when it is asked to stop."""


@dataclass(frozen=True)
class Program:
    """What to run: its command, its log file, its environment (None: ours), and how it dies.

    ``orphan_signal`` is what the kernel sends it when we die without ending it.
    ``user`` is the system user it runs as, None for ours.
    """

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    orphan_signal: int = signal.SIGKILL
    user: str | None = None


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start ``program`` in a session of its own; call it from the main thread.

    The kernel's promise to end an orphan is bound to the thread that started it, not to the
    process. A session of its own keeps a terminal's Ctrl-C away, so that we choose the order.
    """
    tie = [str(os.getpid()), str(int(program.orphan_signal)), program.user or "-"]
    program.log.parent.mkdir(parents=True, exist_ok=True)
    # Appending lets the log be cut while the child writes to it.
    with program.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), *tie, *program.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=program.environment,
            cwd=REPOSITORY,
            start_new_session=True,
        )


def run(program: Program, failure: str, pause: Pause = time.sleep) -> None:
    """Run ``program`` to its end; raises StartError with the sentence ``failure`` if it fails."""
    process = spawn(program)
    try:
        while process.poll() is None:
            pause(POLL_SECONDS)
    finally:
        end(process, (signal.SIGKILL, 2.0))
    if process.returncode != 0:
        raise StartError(failure, program.log)


def end(process: subprocess.Popen[bytes], *steps: tuple[int, float]) -> None:
    """Send each signal and wait up to its seconds; the last resort is SIGKILL to the group."""
    for signal_number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(signal_number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    _kill_group(process.pid)
    process.wait()


def _kill_group(leader: int) -> None:
    """What a child left running in its group goes too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def wait_until(check: Callable[[], bool], seconds: float, pause: Pause = time.sleep) -> bool:
    """Whether ``check`` came true within ``seconds``."""
    give_up_at = time.monotonic() + seconds
    while not check():
        if time.monotonic() >= give_up_at:
            return False
        pause(POLL_SECONDS)
    return True


def command_of(pid: int) -> str | None:
    """The command line of a running process, None if there is no such process."""
    if Path("/proc/self").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return raw.replace(b"\0", b" ").decode(errors="replace").strip() or None
    listing = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip() or None
