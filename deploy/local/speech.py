"""What a start says to the person who started it."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.environment import DEMO_EMAIL, LOOPBACK, given
from deploy.local.parts import STANDINS, ServicePart


def say(text: str) -> None:
    """Print at once, also into a pipe; a reader who has left is no reason to end the shop."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process


def greeting(
    served: Sequence[ServicePart],
    set_by_person: Mapping[str, str],
    environment: Mapping[str, str],
    logs: Path,
) -> str:
    """The addresses, the demo member and where the logs are; the last one served is the gateway."""
    front = served[-1]
    home = front.url.replace(LOOPBACK, "localhost")
    password = environment.get("DEMO_PASSWORD", "")
    if given(set_by_person, "DEMO_PASSWORD"):
        password = "the one you set in DEMO_PASSWORD"  # noqa: S105 - it is none
    rows = [
        ("Home page", f"{home}/"),
        ("Sign in", f"{home}/signin/ as {DEMO_EMAIL}, password: {password}"),
        *((part.name, part.url) for part in served[:-1] if part.name != STANDINS),
        *(("Mailbox", f"{part.url}/mail") for part in served[:-1] if part.name == STANDINS),
        ("Logs", shown(logs)),
    ]
    lines = [f"  {name:<14} {value}" for name, value in rows]
    return "\n".join(["", "The shop is open.", *lines, "Ctrl-C ends everything."])


def shown(path: Path) -> str:
    """A path as a person would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
