"""wrk, for pages a second: it keeps so many connections busy.

It asks again when it was answered, so its latencies omit whom a slow server would have kept waiting
(coordinated omission). They are kept in the raw results, and no measure rests on them.
"""

import re
import subprocess
import time
from dataclasses import dataclass

from tests.bench.pages.running import Running, needs

CONNECTIONS = 32
FEW_CONNECTIONS = 8
"""For those who would not answer everybody once within a round."""

MORE_SECONDS = 30


@dataclass(frozen=True)
class Speed:
    """One round: pages a second by the clock, and pages a second of the server's processor time.

    ``failed`` answers were no page; ``p50`` and ``p99`` are wrk's, in milliseconds.
    """

    pages: float
    pages_of_processor: float
    failed: int
    p50: float
    p99: float


@dataclass(frozen=True)
class Load:
    """So many connections for so many whole seconds; a cookie and one more field if there are."""

    connections: int
    seconds: int
    cookie: str = ""
    says: str = ""


def press(running: Running, load: Load) -> Speed:
    """Let wrk ask ``running`` for its page."""
    seconds = load.seconds
    command = [needs("wrk"), "-t1", f"-c{load.connections}", f"-d{seconds}s", "--latency"]
    command += ["--timeout", "10s"]
    if load.cookie:
        command += ["-H", f"Cookie: {load.cookie}"]
    if load.says:
        command += ["-H", load.says]
    command += [running.url]
    before, begun = running.processor_seconds(), time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + MORE_SECONDS
    )
    took = time.perf_counter() - begun
    return read(done.stdout, (running.processor_seconds() - before) / took)


def read(said: str, core: float) -> Speed:
    """Return what wrk said; ``core`` is the share of a processor that the server had meanwhile."""
    pages = _number(r"Requests/sec:\s+([\d.]+)", said)
    return Speed(
        pages=pages,
        pages_of_processor=pages / core if core else 0.0,
        failed=int(_number(r"Non-2xx or 3xx responses: (\d+)", said)) + _broken(said),
        p50=_milliseconds("50%", said),
        p99=_milliseconds("99%", said),
    )


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    return float(found[1]) if found else 0.0


def _broken(said: str) -> int:
    line = re.search(r"Socket errors: (.+)", said)
    return sum(map(int, re.findall(r"\d+", line[1]))) if line else 0


def _milliseconds(share: str, said: str) -> float:
    found = re.search(rf"\s{share}\s+([\d.]+)(us|ms|s|m)\b", said)
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
    return float(found[1]) * units[found[2]] if found else 0.0
