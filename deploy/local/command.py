"""``make manage``: one of Django's commands, with the environment of the local shop."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import environment as rules
from deploy.local import keepsakes, plan
from deploy.local.errors import AlreadyRunning
from deploy.local.process import REPOSITORY


def manage(folder: Path, given: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run ``manage.py`` with ``arguments`` on the running shop, or on databases started for it.

    Returns its exit code. Raises StartError if a database cannot be had.
    """
    try:
        with keepsakes.sole_start(folder), contextlib.ExitStack() as ending:
            urls = {service.variable: service.url for service in plan.services(given)}
            for server in plan.databases(folder, time.sleep):
                if not rules.given(given, server.variable):
                    urls[server.variable] = server.start()
                    ending.callback(server.stop)
            return _run(plan.gateway_environment(folder, given, urls), arguments)
    except AlreadyRunning:
        return _run(plan.gateway_environment(folder, given, keepsakes.running(folder)), arguments)


def _run(environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    # The terminal's Ctrl-C reaches the command too: it decides, and we clear up after it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, env=environment, cwd=REPOSITORY, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
