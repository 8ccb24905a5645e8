"""Gathering the facts: what is built, the files of the deployment, one answer's headers."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from gateway.aggregation.events import nobody
from gateway.ops.explain.audit.facts import Facts, Subject
from gateway.ops.explain.pages import PAGES, Page
from gateway.ops.explain.reading import built_of, explained, layers_of
from gateway.runtime import Runtime
from gateway.sources.declaration import Declaration
from gateway.sources.http import Endpoint
from gateway.sources.inforce import Seen
from gateway.sources.lifetime import directives
from gateway.web.handler import Handler

ASKING_SECONDS = 2.0
ALIVE = "/livez"
"""Answered without a source, a template or a file, and with the headers that every page has."""


def gather(
    pages: Iterable[Page] = PAGES, *, headers: Mapping[str, str] | None = None, replicas: int = 3
) -> Facts:
    """Return the facts of today's settings. ``headers`` are those of an answer of a running shop;
    without them, those of one that is made here and now.
    """
    base = Path(settings.BASE_DIR)
    plans, sources = asyncio.run(built(tuple(pages)))
    return Facts(
        settings=settings,
        pages=plans,
        sources=sources,
        edge=_text(base / "deploy" / "nginx" / "nginx.conf"),
        proxied=_text(base / "deploy" / "nginx" / "proxy.conf"),
        trusted=_text(base / "deploy" / "nginx" / "trusted.conf"),
        compose=_text(base / "docker-compose.yml"),
        services=services_of(_text(base / "docker-compose.yml")),
        manifests=manifests_of(sorted((base / "deploy" / "kubernetes").rglob("*.yaml"))),
        examples=_text(base / ".env.example") + _text(base / "tests" / "settings.py"),
        headers=asyncio.run(answered()) if headers is None else headers,
        replicas=replicas,
    )


def services_of(compose: str) -> dict[str, Any]:
    """Return the services of a Compose file, by name, as they are once anchors are merged."""
    found = next(iter(_read(compose)), None) or {}
    return {name: each or {} for name, each in found.get("services", {}).items()}


def manifests_of(files: Iterable[Path]) -> tuple[Any, ...]:
    """Return all objects of these manifests."""
    return tuple(each for file in files for each in _read(_text(file)) if each)


@cache
def _read(text: str) -> tuple[Any, ...]:
    """Read YAML. An image has no such files, and nobody there who could read them."""
    if not text:
        return ()
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(yaml.load_all(text, Loader=loader))


async def built(
    pages: tuple[Page, ...], seen: Seen | None = None
) -> tuple[Any, tuple[Subject, ...]]:
    """Return pages and sources as they are built, under what staff have changed, if it is given."""
    ours = Runtime(emit=nobody)
    if seen is not None:
        ours.switches.take_over(seen)
    try:
        plans = await explained(pages, ours)
        found: dict[int, Subject] = {}
        for fragment in (each for page in pages for plan in page.plans for each in plan.fragments):
            declared = fragment.source
            if isinstance(declared, Declaration) and id(declared) not in found:
                found[id(declared)] = Subject(declared, layers_of(built_of(fragment, ours)))
        return plans, tuple(found.values())
    finally:
        await ours.close()


async def answered() -> dict[str, str]:
    """Return the headers that every answer has, by lower-case name, as this process sends them.

    What the server and the edge add is not among them: for that, ask a running shop.
    """
    sent: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.get_running_loop().create_future()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        await Handler()(_scope(), receive, send)
    finally:
        logging.disable(level)
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for message in sent
        for name, value in message.get("headers", ())
    }


def private_sources(sources: Iterable[Subject]) -> frozenset[str]:
    """Return the names of those whose service answers, without arguments, with ``private``.

    One question for each that is kept; a service that does not answer says nothing.
    """
    found = set()
    for declared in (each.declared for each in sources if each.kept):
        if isinstance(declared, Endpoint):
            address = getattr(settings, declared.service) + declared.path
            with suppress(httpx.HTTPError, httpx.InvalidURL):
                reply = httpx.get(address, timeout=ASKING_SECONDS, trust_env=False)
                if reply.is_success and "private" in directives(reply.headers):
                    found.add(declared.name)
    return frozenset(found)


def _scope() -> dict[str, Any]:
    host = next(iter(settings.ALLOWED_HOSTS), "localhost")
    host = "localhost" if host == "*" else host.lstrip(".")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ALIVE,
        "raw_path": ALIVE.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host.encode()), (b"x-forwarded-proto", b"https")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }


def _text(file: Path) -> str:
    """Return what stands in ``file``; nothing where it is not there, as in an image."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
