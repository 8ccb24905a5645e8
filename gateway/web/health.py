"""Health: is the process alive, is it ready for traffic, what has it counted."""

import asyncio
from collections.abc import Awaitable

import httpx
import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.runtime import Runtime, runtime
from gateway.sources.foreign import translated
from gateway.telemetry.metrics import CONTENT_TYPE, exposition, tasks
from gateway.web.handler import always_admitted, native
from gateway.web.methods import safe_only

PROBE_SECONDS = 0.3
_encode = msgspec.json.Encoder().encode


class Readiness:
    """Whether this process wants traffic.

    It does from the first time that it reaches Postgres until it is told to end. Later failures of
    a dependency do not take it out: the page lives through them, and a load balancer that took all
    gateways out at once would turn a missing fragment into a missing shop.
    """

    def __init__(self) -> None:
        self.started = False
        self.draining = False

    def note(self, dependencies: dict[str, str]) -> bool:
        """Take note of what was found, and return whether traffic is welcome."""
        self.started = self.started or dependencies["postgres"] == "ok"
        return self.started and not self.draining

    def end(self) -> None:
        """Want no more traffic."""
        self.draining = True


readiness = Readiness()


@native
@always_admitted
@safe_only
async def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers. It asks nobody."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


@native
@always_admitted
@safe_only
async def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether traffic is welcome, and how each dependency does."""
    ours = runtime()
    dependencies = await _probe_all(ours)
    ready = readiness.note(dependencies)
    word = "draining" if readiness.draining else "ready" if ready else "starting"
    return HttpResponse(
        _encode({"status": word, "dependencies": dependencies}),
        content_type="application/json",
        status=200 if ready else 503,
    )


@native
@always_admitted
@safe_only
async def metrics(request: HttpRequest) -> HttpResponse:
    """Return what was counted, for Prometheus."""
    tasks.set(len(asyncio.all_tasks()))
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


async def _probe_all(ours: Runtime) -> dict[str, str]:
    deadline = Deadline.after(PROBE_SECONDS)
    probes: dict[str, Awaitable[object]] = {
        "postgres": ours.postgres.rows("postgres", "SELECT 1", None, deadline),
        "redis": ours.redis.ping(),
        "promo": _service("promo", ours, settings.PROMO_SERVICE_URL),
        "recco": _service("recco", ours, settings.RECCO_SERVICE_URL),
    }
    found = await asyncio.gather(*(_word(probe) for probe in probes.values()))
    return dict(zip(probes, found, strict=True))


async def _word(probe: Awaitable[object]) -> str:
    """Return ``ok``, or the word for what is wrong."""
    try:
        async with asyncio.timeout(PROBE_SECONDS + 0.1):
            await probe
    except SourceError as error:
        return error.reason
    except TimeoutError:
        return "timeout"
    except (RedisError, OSError):
        return "refused"
    return "ok"


async def _service(name: str, ours: Runtime, address: str) -> None:
    """Ask a service whether it lives. Any answer will do: a foreign one may know no such path."""
    with translated(name):
        request = httpx.Request("GET", f"{address}/livez")
        response = await ours.transport.handle_async_request(request)
        await response.aclose()
