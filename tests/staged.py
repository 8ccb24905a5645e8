"""A gateway whose sources say what a test wants, as late as it wants; all else of it is real."""

import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

import gateway.runtime
from deploy.local.process import wait_until
from deploy.local.redis import free_port
from gateway.aggregation.compose import Composition, Declared, Plan, compose
from gateway.aggregation.events import Listener, nobody
from gateway.aggregation.source import Call, Source
from gateway.aggregation.stream import Progress, stream
from gateway.web.handler import Handler
from tests.fakes import FakeSource
from tests.unit.storefront.pages import banner, card, promotions, recommendations

START_SECONDS = 10.0


def well() -> dict[str, Source]:
    """What the home page's sources say on a usual day, to a stranger, at once."""
    return {
        "promo": FakeSource(promotions(banner(1), banner(2))),
        "recco": FakeSource(recommendations()),
        "membership": FakeSource(None),
        "arrivals": FakeSource((card(1), card(2))),
    }


@dataclass
class Stage:
    """Stands in for the runtime: ``sources`` answer, by the names that they are declared by."""

    sources: dict[str, Source] = field(default_factory=well)
    emit: Listener = nobody

    def source(self, declared: Declared) -> Source:
        """Return the source that is declared."""
        return self.sources[declared.name]

    async def compose(self, plan: Plan, call: Call) -> Composition:
        """Compose a page."""
        return await compose(plan, call, self.source, self.emit)

    def stream(
        self, plan: Plan, call: Call, patience_seconds: float
    ) -> AsyncGenerator[Progress, None]:
        """Compose a page as it comes."""
        return stream(plan, call, self.source, self.emit, patience_seconds)

    async def close(self) -> None:
        """There is nothing to close."""


@contextmanager
def served(stage: Stage, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the gateway on ``stage``, in a thread of its own; gives its address."""
    patch.setattr(gateway.runtime, "build", lambda: stage)
    port = free_port()
    told: Any = {"host": "127.0.0.1", "port": port, "lifespan": "off", "log_level": "error"}
    server = uvicorn.Server(uvicorn.Config(Handler(), **told))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_until(lambda: server.started, START_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
