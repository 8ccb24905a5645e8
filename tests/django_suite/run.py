"""``python -m tests.django_suite.run FOLDER as-they-are|native``: one run of Django's own tests.

It is a process of its own, for it puts our handler in Django's place.
"""

import os
import runpy
import sys
from pathlib import Path

import django

SETTINGS = "tests.django_suite.settings"
SUITES = ("asgi", "staticfiles_tests.test_handlers")
RUNS = ("as-they-are", "native")


def main(folder: Path, run: str) -> None:
    """Run the tests; exits with 1 where one fails, or where they have not tried what they say."""
    sys.path.insert(0, str(folder))
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    take_places_after_setup(run)
    sys.argv = ["runtests.py", "--parallel=1", f"--settings={SETTINGS}", *SUITES]
    code = 0
    try:
        runpy.run_path(str(folder / "runtests.py"), run_name="__main__")
    except SystemExit as end:
        code = int(end.code or 0)
    from tests.django_suite.places import Way, ways_taken

    expected = {Way.DJANGO, Way.DOOR} if run == "native" else {Way.DJANGO}
    if ways_taken != expected:
        sys.exit(f"These tests went {ways_taken} and not {expected}.")
    sys.exit(code)


def take_places_after_setup(run: str) -> None:
    """Let ours take Django's place when Django is set up: earlier it could not be imported."""
    set_up = django.setup

    def set_up_with_ours(set_prefix: bool = True) -> None:
        set_up(set_prefix)
        from tests.django_suite import places

        places.take_djangos_place()
        if run == "native":
            places.make_every_view_native()
            places.listen_from_the_first_moment()

    django.setup = set_up_with_ours


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
