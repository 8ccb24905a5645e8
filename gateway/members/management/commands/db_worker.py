"""``manage.py db_worker``: does the work that must not be lost, until SIGTERM or Ctrl-C.

It takes the place of django-tasks-db's command of the same name.
"""

import signal
import sys
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from gateway.members.worker import Manner, drain, serve
from gateway.telemetry.logs import log

MOST_AT_A_TIME = 32
_KEPT_CONNECTIONS = {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}


class Command(BaseCommand):
    """The worker as a command."""

    help = "Does background tasks, and what workers that died left of theirs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options; each has a default that fits."""
        usual = Manner()
        parser.add_argument(
            "--queue-name", default=",".join(usual.queues), help="with commas; or *"
        )
        parser.add_argument("--interval", type=float, default=usual.interval_seconds)
        parser.add_argument("--at-a-time", type=int, default=usual.at_a_time)
        parser.add_argument("--batch", action="store_true", help="do what is ready, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work. What is begun when a signal comes is done to its end; a second signal ends that."""
        manner = _manner(options)
        if options["batch"]:
            self.stdout.write(f"{drain(manner)} done.")
            return
        # Outside of requests a connection may be kept: the slots look for work all the time.
        connections[DEFAULT_DB_ALIAS].settings_dict.update(_KEPT_CONNECTIONS)
        ending = _Ending()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.hear)
        log.info("worker.starts", queues=manner.queues, at_a_time=manner.at_a_time)
        if not serve(manner, ending.asked_for):
            log.error("worker.broke")
            sys.exit(1)
        log.info("worker.ended")


def _manner(options: dict[str, Any]) -> Manner:
    if not 1 <= options["at_a_time"] <= MOST_AT_A_TIME:
        raise CommandError(f"--at-a-time must be a number from 1 to {MOST_AT_A_TIME}.")
    if not 0.05 <= options["interval"] <= 3600:
        raise CommandError("--interval must be a number of seconds from 0.05 to 3600.")
    queues = tuple(part.strip() for part in options["queue_name"].split(",") if part.strip())
    return Manner(queues or Manner().queues, options["at_a_time"], options["interval"])


class _Ending:
    """Whether a signal has come. A handler may do no more than note it: it interrupts anything."""

    def __init__(self) -> None:
        self._asked = False

    def asked_for(self) -> bool:
        return self._asked

    def hear(self, number: int, _: FrameType | None) -> None:
        self._asked = True
        signal.signal(number, signal.SIG_DFL)
