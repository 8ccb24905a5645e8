"""How much memory a process needs while an upstream pours; each transport in its own process."""

import asyncio
import contextlib
import re
import sys
from pathlib import Path

import httpx

from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream

from .calls import LIMIT_BYTES, build_transport, call

FLOODS = (
    "big_body",
    "endless_body",
    "gzip_bomb",
    "endless_headers",
    "endless_status_line",
    "informational_flood",
    "endless_chunk_extension",
    "endless_trailers",
)
DEADLINE_SECONDS = 1.0
LEISURE_SECONDS = 0.5


async def measure_memory(name: str) -> dict[str, str]:
    """Return by how many MiB the resident memory grew at its peak, for each flood."""
    return {flood: await _in_own_process(name, flood) for flood in FLOODS}


async def _in_own_process(name: str, flood: str) -> str:
    good, bad = MisbehavingUpstream(BEHAVIOURS["good"]), MisbehavingUpstream(BEHAVIOURS[flood])
    async with good, bad:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, name, good.url, bad.url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said, _ = await process.communicate()
    return f"{float(said):.1f} MiB"


async def _leisurely(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Wait before reading, and read 1 MiB at most: what came in meanwhile nobody asked for."""
    response = await transport.handle_async_request(httpx.Request("GET", url))
    received = 0
    try:
        await asyncio.sleep(LEISURE_SECONDS)
        async for block in response.aiter_raw():
            received += len(block)
            if received >= LIMIT_BYTES:
                return
    finally:
        await response.aclose()


async def _grow(name: str, good: str, bad: str) -> float:
    transport = build_transport(name)
    await call(transport, good)
    # Writing 5 here makes the kernel forget the peak so far (proc(5)).
    await asyncio.to_thread(Path("/proc/self/clear_refs").write_text, "5")
    before = _peak_mib()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _leisurely(transport, bad)
    grown = _peak_mib() - before
    await transport.aclose()
    return grown


def _peak_mib() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    print(asyncio.run(_grow(*sys.argv[1:4])))
