"""Those of the contenders that could be started, and why the others could not."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from deploy.local.errors import StartError
from tests.bench.pages import ours
from tests.bench.pages.contenders import Contender
from tests.bench.pages.ground import Ground, Upstreams
from tests.bench.pages.running import LeftOut, Running

PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.5
PARTS = ("<h3>", "</ul>", "</html>")


@dataclass(frozen=True)
class Member:
    """A contender that runs; ``cookie`` is what its visitors send, ``size`` its page in bytes."""

    contender: Contender
    running: Running
    cookie: str
    size: int

    @property
    def name(self) -> str:
        """How it is called in the tables."""
        return self.contender.name

    def ask(self) -> None:
        """Ask for the page once, as its visitors do; whether it comes, the next round shows."""
        with suppress(httpx.HTTPError):
            asked(self.running, self.cookie)


def asked(running: Running, cookie: str) -> httpx.Response:
    """Return the page of ``running`` for a visitor with ``cookie``, which may be empty."""
    headers = {"Cookie": cookie} if cookie else {}
    return httpx.get(running.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False)


@dataclass
class Crew:
    """``members`` run; ``left_out`` has a sentence for each of the others."""

    members: list[Member] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def start(self, contenders: Iterable[Contender], ground: Ground, upstreams: Upstreams) -> None:
        """Start them, one after the other, and look at the page of each."""
        running: dict[str, Running] = {}
        for each in contenders:
            try:
                if each.server not in running:
                    running[each.server] = each.start(ground, upstreams)
                    ground.ending.callback(running[each.server].stop)
                self.members.append(_looked_at(each, running[each.server]))
            except (LeftOut, StartError) as error:
                self.left_out[each.name] = str(error)
            except httpx.HTTPError as error:
                self.left_out[each.name] = f"it does not answer ({type(error).__name__})."


def _looked_at(contender: Contender, running: Running) -> Member:
    """Ask for its page until it is right; raises ``LeftOut`` if it never is."""
    cookie = ours.session(running) if contender.signed_in else ""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        page = asked(running, cookie)
        amiss = "" if contender.may_lack else _amiss(page)
        if not amiss:
            return Member(contender, running, cookie, len(page.content))
        if time.monotonic() > until:
            raise LeftOut(f"its page lacks {amiss}.")
        time.sleep(PAUSE_SECONDS)


def _amiss(page: httpx.Response) -> str:
    """Return what a page lacks; nothing where it is whole."""
    if page.headers.get("Gateway-Complete", "?1") != "?1":
        return f"something: {page.headers['Fragment-Status']}"
    return ", ".join(part for part in PARTS if part not in page.text)
