"""``python -m tests``: every test that needs no container, as ``make test`` runs them.

First all that do not mind company, spread over a few processes; then, by themselves, those that
judge how long a page took while something was broken. Arguments go to pytest; with a path among
them there is one run of just that.
"""

import os
import subprocess
import sys
from pathlib import Path

APART = "tests/faults"
MOST_PROCESSES = 4
NOTHING_TO_RUN = 5
WITHOUT_CONTAINERS = ("-m", "not compose")


def main(arguments: list[str]) -> int:
    """Run them all; the exit code is the first one that is not good."""
    if any(Path(each.partition("::")[0]).exists() for each in arguments):
        return pytest(*WITHOUT_CONTAINERS, *arguments)
    # One more than there are cores, because much of it waits for servers; and in the order in which
    # the files lie, which begins with the slow ones, so that all processes end at about one time.
    processes = str(min(MOST_PROCESSES, 1 + (os.cpu_count() or 1)))
    spread = ("--numprocesses", processes, "--dist", "loadfile", "--no-loadscope-reorder")
    # Those leave more than half of a core idle each, because most of what they do is to wait.
    few = ("--numprocesses", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile")
    rounds = (("--ignore", APART, *spread), (APART, *few, "--no-loadscope-reorder"))
    codes = [pytest(*WITHOUT_CONTAINERS, *each, *arguments) for each in rounds]
    if all(code == NOTHING_TO_RUN for code in codes):
        return NOTHING_TO_RUN
    return next((code for code in codes if code not in (0, NOTHING_TO_RUN)), 0)


def pytest(*arguments: str) -> int:
    """Run pytest; its exit code."""
    # All processes must collect the same tests in the same order, sets included.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env=environment)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
