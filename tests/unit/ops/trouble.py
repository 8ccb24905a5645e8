"""A whole runtime in virtual time, over a transport, a Postgres and a Redis that give trouble."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisGone

import gateway.runtime
from gateway.aggregation.compose import Plan
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import PrimaryFailed
from gateway.aggregation.source import Call
from gateway.ops.explain.pages import Page
from gateway.runtime import Runtime
from gateway.sources.postgres import Postgres
from tests.fakes import Recorder, VirtualClock

MOODS = ("well", "slow", "hanging", "refusing", "overloaded", "asking to wait", "mixed")
REDIS = ("well", "late", "hanging", "refusing")
PAIRS = (*zip(MOODS, REDIS * 2, strict=False), ("hanging", "hanging"), ("slow", "late"))
"""Each mood with one of Redis, and the two that go together worst."""


@dataclass
class Trouble:
    """How everything outside behaves now, and how often it was asked."""

    random: Random
    mood: str = "well"
    redis: str = "well"
    asked: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)

    async def befall(self) -> str:
        """Let a call of an upstream meet what is to be met; return what it is to be told."""
        self.asked += 1
        mood = self.random.choice(MOODS[:-1]) if self.mood == "mixed" else self.mood
        match mood:
            case "well":
                await asyncio.sleep(self.random.uniform(0.001, 0.02))
            case "slow":
                await asyncio.sleep(self.random.uniform(0.05, 0.6))
            case "hanging":
                await asyncio.get_running_loop().create_future()
            case "refusing after a while":
                await asyncio.sleep(0.15)
            case "refusing":
                # Mostly late, because that is what costs most.
                await asyncio.sleep(self.random.choice((0.0, 0.1, 0.19, 0.3)))
        return mood


class Upstreams(httpx.AsyncBaseTransport):
    """Every HTTP service, in one mood."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or not."""
        mood = await self._trouble.befall()
        if mood.startswith("refusing"):
            raise httpx.ConnectError("refused")
        if mood in ("overloaded", "asking to wait"):
            wait = {"Retry-After": "1" if mood == "asking to wait" else "0"}
            return httpx.Response(503, headers=wait)
        if request.url.path.startswith("/avatar/"):
            return httpx.Response(200, content=b"\x89PNG\r\n\x1a\n")
        return httpx.Response(200, json=_SAID, headers={"Cache-Control": "max-age=5"})


_SAID = {
    **{"on": "2026-11-20", "campaign": None, "banners": []},
    **{"member_id": "7", "strategy": "bestsellers", "items": []},
    "current": {
        "time": "2026-11-20T12:00",
        "temperature_2m": 9.5,
        "weather_code": 3,
        "wind_speed_10m": 11.0,
    },
}
"""What promotions, recommendations and the weather have to say, all in one."""


class Redis:
    """As much of a Redis as the runtime asks for."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def operation(*args: Any, **options: Any) -> Any:
            match self._trouble.redis:
                case "late":
                    await asyncio.sleep(self._trouble.random.uniform(0.05, 0.12))
                case "hanging":
                    await asyncio.get_running_loop().create_future()
                case "refusing":
                    raise RedisGone
            # The locks of others are never free: another gateway asks, and never ends.
            return {"hgetall": {}, "getrange": b"", "set": None}.get(name)

        return operation

    async def aclose(self) -> None:
        """Close nothing."""


@dataclass
class Stage:
    """Views of pages, one after another or at once."""

    ours: Runtime
    trouble: Trouble
    clock: VirtualClock
    budget_seconds: float
    slowest: dict[str, float] = field(default_factory=dict)
    """The longest that a fragment of each source has taken, in seconds."""
    _views: int = 0

    async def view(self, page: Page) -> tuple[float, int]:
        """Compose the page for somebody new; return its seconds, and the calls meanwhile."""
        self._views += 1
        before, started = self.trouble.asked, self.clock.time()
        call = Call(Deadline.after(self.budget_seconds, self.clock.time), self._args())
        for plan in page.plans:
            if not await self._composed(plan, call):
                break
        seconds = self.clock.time() - started
        return seconds, self.trouble.asked - before

    async def _composed(self, plan: Plan, call: Call) -> bool:
        whole = True
        try:
            page = await self.ours.compose(plan, call)
        except PrimaryFailed as failed:
            page, whole = failed.composition, False
        for fragment in plan.fragments:
            source, seconds = fragment.source.name, page.seconds[fragment.name]
            self.slowest[source] = max(seconds, self.slowest.get(source, 0.0))
        return whole

    def _args(self) -> dict[str, Any]:
        number = self._views
        return {
            "on": date.fromordinal(700_000 + number),
            "limit": number,
            "member_id": str(number),
            "session_hash": "x",
            "page": number,
            "tag": "",
            "author": "",
            "room": f"room-{number}",
            "email": f"{number}@example.com",
            "hash": f"{number:064x}",
            "job": uuid.UUID(int=number),
        }


def stage(patch: pytest.MonkeyPatch, clock: VirtualClock, seed: int, budget: float) -> Stage:
    """Return a runtime whose every wire leads to ``Trouble``. To be called in its loop."""
    trouble = Trouble(Random(seed))
    patch.setattr(gateway.runtime, "connect", lambda url: Redis(trouble))
    patch.setattr(gateway.runtime, "time", SimpleNamespace(time=clock.wall))

    async def opened(self: Postgres) -> Any:
        return SimpleNamespace(check=_nothing)

    async def fetched(self: Postgres, *args: Any) -> Any:
        if await trouble.befall() in ("refusing", "overloaded", "asking to wait"):
            raise psycopg.OperationalError("the connection is dead")
        return []

    patch.setattr(Postgres, "_open", opened)
    patch.setattr(Postgres, "_fetch", fetched)
    ours = Runtime(Upstreams(trouble), Recorder())
    ours.give_up_watching()  # what it asks beside pages is no part of what a page costs
    return Stage(ours, trouble, clock, budget)


async def _nothing() -> None:
    """Have nothing to replace."""
