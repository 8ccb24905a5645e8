"""What pages keep of the tour is forgotten when somebody changes it."""

from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

from gateway.sources.switches import purge
from gateway.telemetry.logs import log

KEPT = "stops"


def forget_stops(sender: object, **kwargs: object) -> None:
    """Purge the stops once the change is committed, unless they are never kept."""
    if settings.WEATHER_FRESH_SECONDS > 0:
        transaction.on_commit(_forget)


def _forget() -> None:
    try:
        purge(settings.REDIS_URL, KEPT)
    except RedisError as error:
        # The change stands; the page catches up when what it keeps has expired.
        log.warning("purge.failed", source=KEPT, detail=str(error))
