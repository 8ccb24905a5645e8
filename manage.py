#!/usr/bin/env python
"""Django's command line, for this project's settings."""

import os
import sys


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        raise SystemExit(
            "Django is not installed here: run `make run` once, or use .venv/bin/python."
        ) from None
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as exc:
        reason = str(exc).partition("\n")[0]
        raise SystemExit(f"The database of DATABASE_URL cannot be used: {reason}") from None


if __name__ == "__main__":
    main()
