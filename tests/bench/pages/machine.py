"""The machine: which core is whose, what processes cost, and what all of it is called."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.load.stage import GATEWAY_CORES, OTHER_CORES

SERVER_CORES = GATEWAY_CORES
LOAD_CORES = OTHER_CORES[:1]
"""The servers that are measured have one core, all together; load and upstreams have another."""

PACKAGES = (
    *("django", "daphne", "twisted", "uvicorn", "uvloop", "httptools", "gunicorn", "starlette"),
    *("jinja2", "httpx", "httpx-aiohttp", "aiohttp", "msgspec", "psycopg", "redis"),
)
PROGRAMS = (("nginx", "-v"), ("varnishd", "-V"), ("node", "--version"), ("wrk", "-v"))


@contextmanager
def on(cores: list[int]) -> Iterator[None]:
    """Let whatever is started meanwhile run on ``cores`` for good; nothing where there is one."""
    if not SERVER_CORES:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor_seconds(leader: int) -> float:
    """Return the processor time of a process and its descendants so far."""
    stats = dict(_stats())
    family, grown = {leader}, True
    while grown:
        found = {pid for pid, fields in stats.items() if int(fields[1]) in family} - family
        family, grown = family | found, bool(found)
    ticks = sum(int(stats[pid][11]) + int(stats[pid][12]) for pid in family if pid in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        yield int(entry.name), stat.rpartition(")")[2].split()


def machine() -> dict[str, str]:
    """Return what is measured on, and with what: names and versions."""
    known = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known | {name: _said(name, option) for name, option in PROGRAMS}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _said(name: str, option: str) -> str:
    """Return the version that a program says it has; it may say so as an error."""
    if not shutil.which(name):
        return "not installed"
    done = subprocess.run([name, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+[.\d]*", done.stdout + done.stderr)
    return found[0] if found else "?"
