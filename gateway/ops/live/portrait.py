"""Taking the portrait of this gateway: nothing is asked of anybody for it."""

import asyncio
import platform
import time
from pathlib import Path

import django

from gateway.ops.live.figures import MINUTE, door_now, pages_now
from gateway.ops.live.model import Portrait
from gateway.ops.live.ourselves import Ourselves, ourselves
from gateway.ops.live.parts import source_now, upstream_now
from gateway.runtime import Built, Runtime
from gateway.version import VERSION, commit
from gateway.web.health import readiness

_PAGE_BYTES = 4096


def portrait(ours: Runtime, us: Ourselves = ourselves) -> Portrait:
    """Return how this gateway does, as far as it knows by itself."""
    switches = ours.switches
    return Portrait(
        id=us.id,
        at=time.time(),
        began=us.began,
        host=us.host,
        process=us.process,
        state=_state(),
        version=VERSION,
        commit=commit(),
        python=platform.python_version(),
        django=django.get_version(),
        memory_bytes=_memory(),
        tasks=len(asyncio.all_tasks()),
        latest_change=switches.seen.latest,
        switches_as_of=switches.as_of,
        switches_problem=switches.problem,
        cache_failures=us.recent.cache.together(us.recent.now, MINUTE).reasons,
        door=door_now(us.door, us.recent),
        pages=pages_now(us.recent),
        upstreams=tuple(upstream_now(each, us) for each in ours.upstreams.values()),
        sources=tuple(source_now(each, ours, us) for each in _built(ours)),
    )


def _state() -> str:
    if readiness.draining:
        return "ending"
    return "ready" if readiness.started else "starting"


def _built(ours: Runtime) -> list[Built]:
    """Return the stack of each source once, by name: some are built a second time, unkept."""
    by_name = {each.declared.name: each for each in reversed(ours.built)}
    return [each for _, each in sorted(by_name.items())]


def _memory() -> int:
    """Return the bytes of memory that this process has; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
