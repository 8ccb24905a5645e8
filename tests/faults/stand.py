"""A real gateway, and around it everything that can be broken."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from deploy.local.process import wait_until
from tests.faults.page import FRAGMENTS, Page, ask
from tests.faults.promises import WORDS
from tests.faults.upstreams import Upstreams
from tests.live import DEMO_EMAIL, DEMO_PASSWORD, Server
from tests.plain import NO_TLS
from tests.toxics import Down, ToxicProxy

PATIENCE_SECONDS = 10.0
WARM_UP_PAGES = 40
_SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.M)


class Memory:
    """What a process has in memory, in megabytes, from now on."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._before = self._read("VmRSS")
        if self._folder.is_dir():
            # Lets the peak begin anew: proc(5), "clear_refs".
            (self._folder / "clear_refs").write_text("5")

    def grown(self) -> float:
        """Return by how much it has grown at its highest; 0.0 where the system does not say."""
        return max(0.0, self._read("VmHWM") - self._before)

    def _read(self, name: str) -> float:
        status = self._folder / "status"
        if not status.exists():
            return 0.0
        found = re.search(rf"^{name}:\s+(\d+) kB", status.read_text(), re.M)
        return int(found[1]) / 1024 if found else 0.0


class Visitor:
    """Somebody who looks at the home page, and knows what it looks like when all is well."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(trust_env=False, verify=NO_TLS, timeout=PATIENCE_SECONDS)
        self.whole: Page
        self.missing: dict[str, str] = {}

    def ask(self, path: str = "/") -> Page:
        """Ask for a page."""
        return self.ask_at(self.url + path)

    def ask_at(self, url: str) -> Page:
        """Ask for a page of another gateway."""
        return ask(self.client, url)

    def sign_in(self, follow: str = "") -> httpx.Response:
        """Become the demo member, and be led to ``follow`` if that is allowed."""
        form = self.client.get(self.url + "/signin/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        fields = {
            "csrfmiddlewaretoken": token[1],
            "username": DEMO_EMAIL,
            "password": DEMO_PASSWORD,
            "next": follow,
        }
        response = self.client.post(self.url + "/signin/", data=fields)
        assert response.status_code == 302
        return response

    def learn_whole(self) -> None:
        """Remember the page as it is now, with nothing missing."""
        assert self.complete()
        self.whole = self.ask()

    def learn_missing(self) -> None:
        """Remember each fragment as it is now, with everything missing that can be."""
        page = self.ask()
        assert page.status == 200
        for fragment in FRAGMENTS:
            if page.marks[fragment]["state"] == "fallback":
                self.missing[fragment] = page.parts[fragment]
                assert WORDS[fragment] in page.parts[fragment]

    def complete(self) -> bool:
        """Whether the page becomes complete while one has patience."""
        return wait_until(lambda: self.ask().complete, PATIENCE_SECONDS)


@dataclass
class Stand:
    """The gateway under test with everything around it. Its address is ``gateway.url``."""

    gateway: Server
    upstreams: Upstreams
    postgres: ToxicProxy
    redis: ToxicProxy
    cached: bool
    stranger: Visitor = field(init=False)
    member: Visitor = field(init=False)

    def __enter__(self) -> Self:
        self.gateway.start()
        self.stranger = Visitor(self.gateway.url)
        self.member = Visitor(self.gateway.url)
        self.upstreams.well()
        assert self.stranger.complete(), self.gateway.said()
        self.member.sign_in()
        for _ in range(WARM_UP_PAGES):
            self.stranger.ask()
            self.member.ask()
        self._learn()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stranger.client.close()
        self.member.client.close()
        self.gateway.stop()

    def well(self) -> None:
        """End every fault."""
        self.upstreams.well()
        self.postgres.clear()
        self.redis.clear()

    def counted(self, sample: str, **labels: str) -> float:
        """Return the sum of what ``/metrics`` counts under a name and, at least, these labels."""
        total = 0.0
        for name, given, value in _SAMPLE.findall(self.stranger.ask("/metrics").response.text):
            if name == sample and all(f'{key}="{word}"' in given for key, word in labels.items()):
                total += float(value)
        return total

    def back_after(self, visitor: Visitor, patience_seconds: float) -> float | None:
        """Return the seconds until the page is complete; None if it was not in so many."""
        started = time.monotonic()
        if wait_until(lambda: visitor.ask().complete, patience_seconds):
            return time.monotonic() - started
        return None

    def _learn(self) -> None:
        visitors = (self.stranger, self.member)
        for visitor in visitors:
            visitor.learn_whole()
        down = Down()
        self.postgres.add(down)
        for name in ("promo", "recco"):
            self.upstreams.refuse(name)
        for visitor in visitors:
            visitor.learn_missing()
        self.well()
        for visitor in visitors:
            assert visitor.complete(), self.gateway.said()
