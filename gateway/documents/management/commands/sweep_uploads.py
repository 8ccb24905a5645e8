"""``manage.py sweep_uploads``: removes uploads that nobody went on with, and stray files."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from gateway.documents.manuscripts import ledger
from gateway.documents.manuscripts.sweeping import sweep_orphans


class Command(BaseCommand):
    """Harmless at any time, beside any number of gateways."""

    help = "Removes uploads that have expired, and files that belong to none."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until there is nothing more to sweep."""
        expired = 0
        while swept := ledger.sweep():
            expired += swept
        strays = sweep_orphans(time.time())
        self.stdout.write(f"Removed {expired} expired uploads and {strays} stray files.")
