"""The command line: ``python -m deploy.local`` starts the shop.

``... manage ARGUMENT ...`` runs one of Django's commands on it; ``... idle`` fails while it runs.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import environ

from deploy.local import command, keepsakes
from deploy.local.errors import StartError
from deploy.local.leash import tie
from deploy.local.process import REPOSITORY
from deploy.local.supervisor import Shop


def main(arguments: list[str]) -> int:
    """Do what ``arguments`` say; the exit code. What goes wrong is told in one sentence."""
    options = _options(arguments)
    folder: Path = options.folder.resolve()
    # What stands in .env is as good as set: the gateway reads it too.
    dotenv = REPOSITORY / ".env"
    if dotenv.is_file():
        environ.Env.read_env(str(dotenv))
    given = dict(os.environ)
    try:
        if options.command == "manage":
            return command.manage(folder, given, options.arguments)
        if options.command == "idle":
            with keepsakes.sole_start(folder):
                return 0
        parent = os.getppid() if options.end_with_parent else None
        if parent:
            tie(parent, signal.SIGTERM)
        Shop(folder, given, parent).run()
    except StartError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=REPOSITORY / ".local", help="takes data, logs and secrets"
    )
    parser.add_argument(
        "--end-with-parent", action="store_true", help="end when the calling program ends"
    )
    parser.add_argument("command", nargs="?", choices=("run", "manage", "idle"), default="run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of `manage`")
    return parser.parse_args(arguments)
