"""``python -m tests.django_suite``: fetch Django's tests, and run them in both ways."""

import subprocess
import sys

from tests.django_suite.run import RUNS
from tests.django_suite.source import CannotBeFetched, tests_of_django


def main() -> int:
    """Run them; 1 where any has failed."""
    try:
        folder = tests_of_django()
    except CannotBeFetched as error:
        sys.stderr.write(f"{error}\n")
        return 1
    failed = []
    for run in RUNS:
        sys.stderr.write(f"--- Django's tests of its ASGI handler, on ours; views: {run}\n")
        if subprocess.call([sys.executable, "-m", "tests.django_suite.run", str(folder), run]):
            failed.append(run)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
