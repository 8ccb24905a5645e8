"""``manage.py audit``: what is misconfigured, how bad it is, why, and what to do about it.

It judges today's settings, what the runtime builds with them, the files of the deployment where
they are there, and the headers of an answer. It needs neither Postgres nor Redis; only ``--url``
and ``--ask`` connect to anything.
"""

import sys
from dataclasses import asdict, replace
from typing import Any

import httpx
import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.ops.explain.audit.gathering import gather, private_sources
from gateway.ops.explain.audit.report import told
from gateway.ops.explain.audit.rule import Severity
from gateway.ops.explain.audit.rules import RULES, audit, exit_code

UNUSABLE = 3
"""The exit code where the audit itself could not be made."""

_ASKING_SECONDS = 5.0


class Command(BaseCommand):
    """Judges settings."""

    help = (
        "Says what is misconfigured. Exit code 0: nothing, or only notes and warnings; 1: "
        "warnings, with --strict; 2: errors; 3: the audit could not be made."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what counts, and where to look."""
        parser.add_argument("--strict", action="store_true", help="let warnings count as well")
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.add_argument("--rules", action="store_true", help="list the rules and do no more")
        parser.add_argument(
            "--skip", action="append", default=[], metavar="ID", help="pass over a rule"
        )
        parser.add_argument(
            "--url", help="judge the headers that a running shop sends, edge and all"
        )
        parser.add_argument(
            "--ask", action="store_true", help="ask each service once what it says of keeping"
        )
        parser.add_argument(
            "--replicas", type=int, default=3, help="how many gateways there are to be (3)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, tell, and end with the exit code that fits."""
        if options["rules"]:
            self.stdout.write(_rules())
            return
        headers = _headers_of(options["url"]) if options["url"] else None
        skipped = _known(options["skip"])
        facts = gather(headers=headers, replicas=max(1, options["replicas"]))
        if options["ask"]:
            facts = replace(facts, private=private_sources(facts.sources))
        found = audit(facts, skipped)
        if options["json"]:
            plain = msgspec.json.encode([asdict(each) for each in found])
            self.stdout.write(msgspec.json.format(plain).decode())
        else:
            colour = not options["no_color"] and (options["force_color"] or _on_a_terminal(self))
            self.stdout.write(told(found, colour=colour))
        if code := exit_code(found, strict=options["strict"]):
            sys.exit(code)


def _on_a_terminal(command: BaseCommand) -> bool:
    return bool(command.stdout.isatty())


def _known(skipped: list[str]) -> frozenset[str]:
    known = {each.id for each in RULES}
    for name in skipped:
        if name not in known:
            raise CommandError(f"There is no rule {name!r}: see --rules.", returncode=UNUSABLE)
    return frozenset(skipped)


def _rules() -> str:
    order = {severity.value: len(severity.value) for severity in Severity}
    width = max(order.values())
    return "\n".join(f"{each.id}  {each.severity.value:<{width}}  {each.why}" for each in RULES)


def _headers_of(url: str) -> dict[str, str]:
    try:
        reply = httpx.get(url, timeout=_ASKING_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise CommandError(
            f"{url} does not answer: {exc or type(exc).__name__}", returncode=UNUSABLE
        ) from exc
    return {name.lower(): value for name, value in reply.headers.items()}
