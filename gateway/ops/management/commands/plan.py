"""``manage.py plan home``: what a page is made of, within which limits, and what it costs at worst.

It reads what the runtime builds with today's settings. Postgres is asked once for what staff have
changed at run time (not with ``--offline``); ``--analyze`` asks a running gateway for its figures.
"""

from pathlib import Path
from typing import Any

import httpx
import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.ops.explain.compare import Unreadable, differences, saved
from gateway.ops.explain.live import measured
from gateway.ops.explain.model import Explained
from gateway.ops.explain.pages import PAGES, Page
from gateway.ops.explain.reading import explain, explain_now
from gateway.ops.explain.text import told

UNUSABLE = 2
"""The exit code where nothing could be compared: not to be taken for a difference, which is 1."""

_ASKING_SECONDS = 5.0


class Command(BaseCommand):
    """Explains pages."""

    help = (
        "Explains pages: their fragments, stacks, limits, caches, worst case, and what is seen "
        "when a source dies. With --diff, exit code 1 says that the plan differs from a saved one."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a page, and in which form it is to be told."""
        parser.add_argument("page", nargs="?", help="its name; without one, all pages")
        parser.add_argument("--json", action="store_true", help="as JSON, to be saved or read on")
        parser.add_argument(
            "--diff", metavar="FILE", help="say what differs from a plan saved by --json"
        )
        parser.add_argument(
            "--analyze", action="store_true", help="with p50, p95 and hit ratios since its start"
        )
        parser.add_argument(
            "--offline", action="store_true", help="pass over what was changed at run time"
        )
        parser.add_argument(
            "--url",
            default=f"http://127.0.0.1:{settings.GATEWAY_PORT}",
            help="the gateway that --analyze asks (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Explain, or compare."""
        explained = self._explained(_chosen(options["page"]), offline=options["offline"])
        if options["diff"] is not None:
            self._compare(options["diff"], explained, options["page"])
            return
        if options["analyze"]:
            explained = _analyzed(explained, options["url"])
        if options["json"]:
            plain = msgspec.json.format(msgspec.json.encode(explained))
            self.stdout.write(plain.decode())
        else:
            self.stdout.write(told(explained))

    def _explained(self, pages: tuple[Page, ...], *, offline: bool) -> Explained:
        if offline:
            return Explained(explain(pages))
        plans, problem = explain_now(pages)
        if problem:
            self.stderr.write(
                f"Postgres does not tell what was changed at run time ({problem}): here is what "
                "gateways begin with. --offline does not ask it."
            )
        return Explained(plans)

    def _compare(self, file: str, now: Explained, page: str | None) -> None:
        try:
            before = saved(Path(file).read_bytes())
        except (OSError, Unreadable) as exc:
            raise CommandError(f"{file} cannot be compared: {exc}.", returncode=UNUSABLE) from exc
        if page is not None:
            before = Explained(tuple(each for each in before.pages if each.name == page))
        if found := differences(before, now):
            self.stdout.write("\n".join(found))
            raise SystemExit(1)
        self.stdout.write("Nothing differs.")


def _chosen(name: str | None) -> tuple[Any, ...]:
    chosen = tuple(page for page in PAGES if name in (None, page.name))
    if not chosen:
        known = ", ".join(page.name for page in PAGES)
        raise CommandError(f"There is no page {name!r}; there are {known}.", returncode=UNUSABLE)
    return chosen


def _analyzed(explained: Explained, url: str) -> Explained:
    address = f"{url.rstrip('/')}/metrics"
    try:
        reply = httpx.get(address, timeout=_ASKING_SECONDS, trust_env=False)
        reply.raise_for_status()
        return measured(explained, reply.text)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise CommandError(
            f"No figures could be read from {address}: {exc or type(exc).__name__}",
            returncode=UNUSABLE,
        ) from exc
