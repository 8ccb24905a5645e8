"""Who takes part, in which measures, and what each of them does not do."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tests.bench.pages import ours, peerage
from tests.bench.pages.ground import Ground, Upstreams
from tests.bench.pages.peerage import Start
from tests.bench.pages.running import Running

TUTORIAL_DAPHNE = "tutorial's view, Daphne"
TUTORIAL_UVICORN = "tutorial's view, uvicorn"
BLOCKING = "blocking Django, gunicorn"
STARLETTE = "Starlette + httpx"
TAILOR = "node-tailor"
TAILOR_KEPT = "node-tailor, template kept"
FASTIFY = "fastify + undici"
SSI = "nginx SSI"
ESI = "Varnish ESI"

COLD = "ours, cold, {}"
PERSONAL = "ours, warm personal, {}"
BY_DJANGO = "ours, warm personal through Django, {}"
ANONYMOUS = "ours, warm anonymous, {}"
EDGE = "ours, warm anonymous, edge"
SERVERS = ("Daphne", "uvicorn")

A_CONDITION = 'If-None-Match: "nothing"'
"""Whoever says this is not answered as one who comes again: each page goes through Django."""

Told = Mapping[str, str]
NOTHING: Told = {}
LACKING = "typed payloads, deadline of the page, fallbacks, breaker, cache"
NO_TEMPLATE = "typed payloads, a template of its own (its parts are HTML already)"


@dataclass(frozen=True)
class Contender:
    """A line of the table. Those with the same ``server`` share one; ``start`` starts it.

    One that ``waits`` asks both upstreams for its page where these take their time, one that
    ``crawls`` makes so few pages that a round must be longer, and one that ``may_lack`` may leave a
    part out. ``lacks`` is what it does not do of what ours does. ``says`` is a field of the head
    that its visitors send.
    """

    name: str
    server: str
    start: Start
    lacks: str = ""
    waits: bool = True
    signed_in: bool = False
    crawls: bool = False
    may_lack: bool = False
    says: str = ""


PEERS = (
    Contender(TUTORIAL_DAPHNE, "tutorial-daphne", peerage.tutorial_on_daphne, LACKING, crawls=True),
    Contender(
        TUTORIAL_UVICORN, "tutorial-uvicorn", peerage.tutorial_on_uvicorn, LACKING, crawls=True
    ),
    Contender(
        BLOCKING,
        "blocking",
        peerage.blocking_on_gunicorn,
        f"{LACKING}; asks one after the other",
        crawls=True,
    ),
    Contender(STARLETTE, "starlette", peerage.starlette, LACKING),
    Contender(
        TAILOR,
        "tailor",
        peerage.tailor,
        f"{NO_TEMPLATE}, deadline of the page (one for each part), breaker, cache",
    ),
    Contender(
        TAILOR_KEPT,
        "tailor-kept",
        partial(peerage.tailor, keeps="yes"),
        "the same, but it parses its template once",
    ),
    Contender(FASTIFY, "fastify", peerage.fastify, LACKING),
    Contender(
        SSI,
        "ssi",
        peerage.nginx_ssi,
        f"{NO_TEMPLATE}, deadline of the page, breaker, cache (as configured here)",
    ),
    Contender(
        ESI,
        "esi",
        peerage.varnish_esi,
        f"{NO_TEMPLATE}, deadline of the page, breaker; it keeps the parts where they are quick",
    ),
)


def everybody() -> tuple[Contender, ...]:
    """Return all, peers first."""
    return PEERS + OURS


def _cold(server: str) -> Start:
    return partial(gateway, server=server, told=ours.NOTHING_KEPT)


def _warm(server: str) -> Start:
    return partial(gateway, server=server)


def gateway(ground: Ground, upstreams: Upstreams, server: str, told: Told = NOTHING) -> Running:
    """Start our gateway on ``server``; ``told`` is what it is told beside the ordinary."""
    return ours.gateway(ground, upstreams, server.lower(), told)


def _behind_edge(ground: Ground, upstreams: Upstreams) -> Running:
    behind = ours.gateway(ground, upstreams, "daphne", NOTHING)
    ground.ending.callback(behind.stop)
    return ours.edge(ground, behind)


def _on(server: str) -> tuple[Contender, ...]:
    warm = f"warm-{server}"
    return (
        Contender(COLD.format(server), f"cold-{server}", _cold(server)),
        Contender(
            PERSONAL.format(server),
            warm,
            _warm(server),
            "Django's part and rendering, for a member who comes again while all is fresh",
            waits=False,
            signed_in=True,
        ),
        Contender(
            BY_DJANGO.format(server),
            warm,
            _warm(server),
            waits=False,
            signed_in=True,
            says=A_CONDITION,
        ),
        Contender(ANONYMOUS.format(server), warm, _warm(server), waits=False),
    )


OURS = (
    *(each for server in SERVERS for each in _on(server)),
    Contender(
        EDGE, "edge", _behind_edge, "rendering: pages come from the edge's cache", waits=False
    ),
)
