"""Who listens, in this process."""

from functools import cache

from gateway.aggregation.events import Listener, all_of
from gateway.aggregation.record import note
from gateway.telemetry.logs import log_event
from gateway.telemetry.metrics import count_event


@cache
def listeners() -> Listener:
    """Return the one listener that tells all of ours."""
    return all_of(count_event, log_event, note)
