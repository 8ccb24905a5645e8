"""``manage.py purge promo``: all gateways forget what they keep of a source."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from gateway.ops.management.commands._sources import known_source
from gateway.sources.switches import purge


class Command(BaseCommand):
    """Makes what is kept of sources count for nothing, within a second."""

    help = "Makes all gateways forget what they keep of the named sources."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the names of sources."""
        parser.add_argument("source", nargs="+", help="their names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, and say so."""
        for source in [known_source(name) for name in options["source"]]:
            try:
                purge(settings.REDIS_URL, source)
            except RedisError as exc:
                raise CommandError(
                    f"Redis does not answer, so {source} was not purged: {exc}"
                ) from exc
            self.stdout.write(f"Within a second every gateway asks {source} anew.")
