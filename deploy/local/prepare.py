"""Prepares database and static files, in one process: starting Django takes most of the time."""

import os


def main() -> None:
    """Migrate, seed and collect; each is harmless when there is nothing to do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False)
    call_command("seed")
    call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
