"""Our own gateway, as it is served, and the edge in front of it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.errors import StartError
from deploy.local.process import REPOSITORY
from deploy.local.redis import free_port
from tests.bench.pages.ground import Ground, Upstreams, stays_who_it_is
from tests.bench.pages.machine import SERVER_CORES, on
from tests.bench.pages.running import Running, needs, started
from tests.integration.members.asking import sign_in

NOTHING_KEPT = {
    "PROMO_FRESH_SECONDS": "0",
    "RECCO_FRESH_SECONDS": "0",
    "ARRIVALS_FRESH_SECONDS": "0",
}
PATIENT = {
    "PAGE_BUDGET_SECONDS": "4",
    "PROMO_TIMEOUT_SECONDS": "3",
    "RECCO_TIMEOUT_SECONDS": "3",
}
"""Limits under which a page waits for a source that takes two seconds."""

EDGE = REPOSITORY / "deploy" / "nginx"


def gateway(ground: Ground, upstreams: Upstreams, server: str, told: Mapping[str, str]) -> Running:
    """Start a gateway on ``server`` ("daphne" or "uvicorn") that is ``told`` that too."""
    told = {
        "PROMO_SERVICE_URL": upstreams.promo_url,
        "RECCO_SERVICE_URL": upstreams.recco_url,
        **told,
    }
    port = free_port()
    ours = ground.shop.new_gateway(**told, SERVER=server)
    ours.port = port
    try:
        with on(SERVER_CORES):
            ours.start()
    except AssertionError as error:
        ours.stop()
        raise StartError(f"the gateway did not start: {str(error)[-300:]}") from error
    return Running(port, (ours.pid,), ours.stop)


def edge(ground: Ground, behind: Running) -> Running:
    """Start the edge, with the configuration that is deployed, in front of ``behind``."""
    port = free_port()
    conf = configured(ground.folder / f"edge-{port}", port, behind.port)
    command = [needs("nginx"), "-c", str(conf), "-e", "stderr", "-g", "daemon off;"]
    running = started(command, port, conf.with_name("edge.log"))
    return Running(port, (*running.leaders, *behind.leaders), running.stop)


def configured(folder: Path, port: int, gateway_port: int) -> Path:
    """Lay the edge's configuration into ``folder``, for one core and these ports; its main file.

    Raises ``ValueError`` where what has to be another here is not in it any more.
    """
    shutil.copytree(EDGE, folder)
    changed = {
        "worker_processes 2;": f"worker_processes 1;\n{stays_who_it_is()}",
        "listen 8080 ": f"listen 127.0.0.1:{port} ",
        "127.0.0.1:8081": f"127.0.0.1:{free_port()}",
        " /tmp/": f" {folder}/",
    }
    _rewrite(folder / "nginx.conf", changed)
    _rewrite(folder / "log.conf", {"/dev/stdout": str(folder / "access.log")})
    gateway = f'map "" $gateway {{\n    default 127.0.0.1:{gateway_port};\n}}\n'
    (folder / "gateway.conf").write_text(gateway, encoding="utf-8")
    return folder / "nginx.conf"


def session(running: Running) -> str:
    """Return the Cookie header of the demo member, signed in."""
    with httpx.Client(base_url=running.url, timeout=10.0, trust_env=False) as client:
        sign_in(client)
        return f"sessionid={client.cookies['sessionid']}"


def _rewrite(file: Path, changed: dict[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in changed.items():
        if before not in text:
            raise ValueError(f"The edge's {file.name} has no {before.strip()!r} any more.")
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")
