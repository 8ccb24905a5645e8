"""``manage.py fault promo --delay 800ms --percent 30``: faults on purpose, in all gateways."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseDown

from gateway.aggregation.faults import FaultRule
from gateway.ops.changing.noting import faults_now, set_fault
from gateway.ops.management.commands._sources import known_source
from gateway.sources.switches import FAULT_SECONDS

COMMAND = "manage.py"
"""Who did it, as far as a command can tell."""

NO_DELAY = "0ms"
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s)\Z")


class Command(BaseCommand):
    """Makes a source slow or failing, to see what the page does. It ends by itself."""

    help = "Makes calls of a source slow, or fail, on purpose, in all gateways; off by default."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a source, and what is to be done to how many of its calls."""
        parser.add_argument(
            "source", nargs="?", help="its name; without one, what is switched on is listed"
        )
        parser.add_argument("--delay", default=NO_DELAY, help="hold calls up: 800ms, 1.5s")
        parser.add_argument("--abort", action="store_true", help="make calls fail")
        parser.add_argument("--percent", default="100", help="of how many calls (100)")
        parser.add_argument(
            "--for",
            dest="duration",
            default=f"{FAULT_SECONDS:.0f}s",
            help=f"after how long it ends by itself ({FAULT_SECONDS:.0f}s)",
        )
        parser.add_argument("--off", action="store_true", help="end the fault of the source")

    def handle(self, *args: Any, **options: Any) -> None:
        """Begin a fault, end one, or list those that are on."""
        try:
            self._switch(options)
        except DatabaseDown as exc:
            why = str(exc).partition("\n")[0]
            raise CommandError(f"Postgres does not answer, so nothing was done: {why}") from exc
        except ValueError as exc:
            raise CommandError(str(exc)) from exc

    def _switch(self, options: dict[str, Any]) -> None:
        if options["source"] is None:
            _expect_nothing_else(options)
            self._list()
            return
        source = known_source(options["source"])
        if options["off"]:
            set_fault(source, None, 0, by=COMMAND)
            self.stdout.write(f"The fault of {source} ends within a second.")
        else:
            rule, seconds = _rule(options), _lasting(options["duration"])
            set_fault(source, rule, seconds, by=COMMAND)
            self.stdout.write(
                f"Within a second every gateway does this to {source}, for {seconds:.0f} s; "
                f"end it with: manage.py fault {source} --off"
            )

    def _list(self) -> None:
        found = faults_now()
        for name, rule in sorted(found.items()):
            self.stdout.write(
                f"{name}: {rule.delay_seconds} s for {rule.delay_percent:g} %, "
                f"failing {rule.abort_percent:g} %"
            )
        if not found:
            self.stdout.write("No fault is switched on.")


def _expect_nothing_else(options: dict[str, Any]) -> None:
    if options["off"] or options["abort"] or options["delay"] != NO_DELAY:
        raise ValueError("Name the source: manage.py fault promo …")


def _rule(options: dict[str, Any]) -> FaultRule:
    delay = _seconds(options["delay"])
    if delay <= 0 and not options["abort"]:
        raise ValueError("Say what is to happen: --delay 800ms, --abort, or both.")
    percent = _percent(options["percent"])
    return FaultRule(
        delay_seconds=delay,
        delay_percent=percent if delay > 0 else 0.0,
        abort_percent=percent if options["abort"] else 0.0,
    )


def _percent(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no percentage: write 30 or 0.5.") from None


def _lasting(text: str) -> float:
    seconds = _seconds(text)
    if seconds <= 0:
        raise ValueError("A fault must last for some time: --for 60s.")
    return seconds


def _seconds(text: str) -> float:
    found = _DURATION.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration: write 800ms or 1.5s.")
    return float(found[1]) * (0.001 if found[2] == "ms" else 1.0)
