"""Prepares database and static files, in one process: starting Django takes most of the time."""

import os
import sys


def main() -> None:
    """Migrate, seed and collect; each is harmless when there is nothing to do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    import django
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    django.setup()
    try:
        call_command("migrate", interactive=False)
        call_command("seed")
        call_command("collectstatic", interactive=False, verbosity=0)
    except OperationalError as error:
        sys.exit(f"The database that DATABASE_URL names cannot be used: {error}")
    except CommandError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
