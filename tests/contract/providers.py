"""Our own two services brought into the states that a contract names, and served on a free port.

They have no door for that: a state chooses the data and the clock that the service is built with.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import promo_service.app
import recco_service.app
from promo_service.campaigns import load_calendar, promotions_on
from recco_service.shelf import load_books, load_orders
from tests.contract.interactions import HELD_TAG

NEVER_SAID = ("a question too many",)
"""Interactions that our services have no part in: they count nobody's questions. Whatever stands
before a service may, and the page must live with it."""

MOST_IN_HAND = 1_000_000
START_SECONDS = 10.0
STATES_PATH = "/-/state"
"""Where the verifier names a state: a door of this stage, which the services know nothing of."""


class Stateful:
    """A service that is built anew for each state, and takes the place of the one before."""

    def __init__(self, build: Callable[[datetime], Starlette]) -> None:
        self._build = build
        self.app: Starlette = build(datetime.now(UTC))
        self.holding = False
        self.states: Mapping[str, Callable[[], None]] = {}

    def at(self, now: datetime) -> None:
        """Go on with a service whose clock says ``now``, asked by a caller who holds nothing."""
        self.app, self.holding = self._build(now), False

    def crowded(self) -> None:
        """Go on with a service that has far more requests in hand than it can answer."""
        self.at(datetime.now(UTC))
        self.app.state.inside = lambda: MOST_IN_HAND

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == STATES_PATH:
            await self._bring_about(scope, receive, send)
            return
        example = HELD_TAG.encode()
        if self.holding and any(value == example for _, value in scope["headers"]):
            scope = {**scope, "headers": await self._with_true_tag(scope)}
        await self.app(scope, receive, send)

    async def _bring_about(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Come into the state that Pact's verifier names; 500 for one that cannot be."""
        state = (await Request(scope, receive).json())["state"]
        try:
            self.states[state]()
        except LookupError as error:
            await Response(str(error), 500)(scope, receive, send)
        else:
            await Response(status_code=204)(scope, receive, send)

    async def _with_true_tag(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Name the present reply by its own tag, where the contract has an example of one."""
        target = f"{scope['path']}?{scope['query_string'].decode()}"
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            tag = (await client.get(target)).headers["ETag"].encode()
        example = HELD_TAG.encode()
        return [(name, tag if value == example else value) for name, value in scope["headers"]]


def _promo(now: datetime) -> Starlette:
    return promo_service.app.create_app(now=lambda: now)


def _recco(_: datetime) -> Starlette:
    return recco_service.app.create_app()


def noon(day: str) -> datetime:
    """Return the noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def _needs(true: object, state: str) -> None:
    if not true:
        raise LookupError(f"The service's data does not hold this state: {state}.")


def promo_states(service: Stateful) -> dict[str, Callable[[], None]]:
    """Return how the promotions service is brought into each state, by its name."""

    def campaign() -> None:
        service.at(noon("2026-11-20"))
        said = promotions_on(date(2026, 11, 20), load_calendar())
        _needs(said.campaign and said.banners, "a campaign on 2026-11-20")

    def quiet() -> None:
        service.at(noon("2026-01-28"))
        said = promotions_on(date(2026, 1, 28), load_calendar())
        _needs(said.campaign is None, "no campaign on 2026-01-28")

    def holding() -> None:
        service.at(noon("2026-11-20"))
        service.holding = True

    return {
        "a campaign with banners runs on 2026-11-20": campaign,
        "today is 2026-11-20, and a campaign with banners runs": campaign,
        "no campaign runs on 2026-01-28": quiet,
        "the caller holds the present reply": holding,
        "the service can do nothing at present": service.crowded,
    }


def recco_states(service: Stateful) -> dict[str, Callable[[], None]]:
    """Return how the recommendation service is brought into each state, by its name."""

    def members() -> set[str]:
        service.at(datetime.now(UTC))
        return {order.member_id for order in load_orders(load_books())}

    def known() -> None:
        _needs("42" in members(), "member 42 has bought books")

    def unknown() -> None:
        _needs("987654321" not in members(), "member 987654321 is not known")

    def holding() -> None:
        known()
        service.holding = True

    return {
        "member 42 has bought books": known,
        "member 987654321 is not known": unknown,
        "the caller holds the present reply": holding,
        "the service can do nothing at present": service.crowded,
    }


@contextmanager
def served(app: ASGIApp) -> Iterator[int]:
    """Serve an application in a thread of its own; give the port."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        give_up_at = time.monotonic() + START_SECONDS
        while not server.started and time.monotonic() < give_up_at and thread.is_alive():
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


PROVIDERS: dict[str, tuple[Callable[[datetime], Starlette], Callable[[Stateful], Any]]] = {
    "promo_service": (_promo, promo_states),
    "recco_service": (_recco, recco_states),
}
"""By service, how it is built and how it is brought into a state."""


def stateful(provider: str) -> Stateful:
    """Return a service of ours that can be brought into the states of its contract."""
    build, states = PROVIDERS[provider]
    service = Stateful(build)
    service.states = {"": lambda: None, **states(service)}
    return service
