"""Who listens, in this process."""

from functools import cache

from gateway.aggregation.events import Listener, all_of
from gateway.aggregation.record import note
from gateway.telemetry.logs import log, log_event
from gateway.telemetry.metrics import count_event
from gateway.telemetry.recent import Recent
from gateway.telemetry.troubles import Troubles

recent = Recent()
troubles = Troubles(log.warning)
"""What both have heard is what staff see on their page."""


@cache
def listeners() -> Listener:
    """Return the one listener that tells all of ours."""
    return all_of(count_event, log_event, recent, troubles, note)
