"""The peers: how each is started, as its own documentation advises."""

import sys
from collections.abc import Callable, Mapping

from deploy.local.redis import free_port
from tests.bench.pages import replies
from tests.bench.pages.ground import PEERS, Ground, Upstreams
from tests.bench.pages.node import SOURCES, packages
from tests.bench.pages.running import Running, needs, started

ROOM = "tests.bench.pages.peers"
WORKERS = 4
Start = Callable[[Ground, Upstreams], Running]


def tutorial_on_daphne(ground: Ground, upstreams: Upstreams) -> Running:
    """Start the tutorial's view on Daphne."""
    port = free_port()
    listen = ("-b", "127.0.0.1", "-p", str(port))
    return _python(
        ("-m", "daphne", "-v", "0", *listen, f"{ROOM}.tutorial:application"),
        port,
        ground,
        upstreams,
    )


def tutorial_on_uvicorn(ground: Ground, upstreams: Upstreams) -> Running:
    """Start the tutorial's view on uvicorn."""
    return _uvicorn("tutorial", ground, upstreams)


def blocking_on_gunicorn(ground: Ground, upstreams: Upstreams) -> Running:
    """Start blocking Django under gunicorn."""
    port = free_port()
    listen = ("--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}")
    return _python(
        ("-m", "gunicorn", *listen, f"{ROOM}.blocking:application"), port, ground, upstreams
    )


def starlette(ground: Ground, upstreams: Upstreams) -> Running:
    """Start Starlette and httpx, with one client."""
    return _uvicorn("oneclient", ground, upstreams)


def tailor(ground: Ground, upstreams: Upstreams, keeps: str = "") -> Running:
    """Start node-tailor; its fragments are HTML already. It may keep its template, once parsed."""
    folder = ground.folder / f"tailor-{upstreams.promo}"
    folder.mkdir(exist_ok=True)
    sources = {"promo": upstreams.promo_url, "recco": upstreams.recco_url}
    page = replies.frame("@{}@")
    for name, url in sources.items():
        primary = " primary" if name == "promo" else ""
        page = page.replace(f"@{name}@", f'<fragment src="{url}/{name}.html"{primary}></fragment>')
    (folder / "index.html").write_text(page, encoding="utf-8")
    return _node("page-tailor.js", ground, upstreams, {"TEMPLATES": str(folder), "KEEPS": keeps})


def fastify(ground: Ground, upstreams: Upstreams) -> Running:
    """Start fastify and undici."""
    return _node("page-fastify.js", ground, upstreams, {"TEMPLATES": str(PEERS / "templates")})


def nginx_ssi(ground: Ground, upstreams: Upstreams) -> Running:
    """Start nginx with server-side includes; its fragments are HTML already."""
    port = free_port()
    page = replies.frame('<!--# include virtual="/{}.html" -->')
    (ground.folder / "page.html").write_text(page, encoding="utf-8")
    conf = ground.rendered(
        "nginx/ssi.conf",
        port=port,
        promo=f"127.0.0.1:{upstreams.promo}",
        recco=f"127.0.0.1:{upstreams.recco}",
    )
    command = [needs("nginx"), "-c", str(conf), "-e", "stderr", "-g", "daemon off;"]
    return started(command, port, ground.log("nginx-ssi"))


def varnish_esi(ground: Ground, upstreams: Upstreams) -> Running:
    """Start Varnish with edge-side includes; its fragments are HTML already.

    Where the upstreams take their time, the fragments are asked for each page.
    """
    port = free_port()
    conf = ground.rendered(
        "varnish/esi.vcl",
        port=port,
        promo_port=upstreams.promo,
        recco_port=upstreams.recco,
        passes="true" if upstreams.seconds else "false",
    )
    home = ground.folder / f"varnish-{port}"
    command = [
        *(needs("varnishd"), "-F", "-j", "none", "-n", str(home), "-f", str(conf)),
        *("-a", f"127.0.0.1:{port}", "-s", "default,64m"),
    ]
    return started(command, port, ground.log("varnish"))


def _uvicorn(module: str, ground: Ground, upstreams: Upstreams) -> Running:
    port = free_port()
    how = ("--port", str(port), "--no-access-log", "--log-level", "warning")
    return _python(("-m", "uvicorn", *how, f"{ROOM}.{module}:application"), port, ground, upstreams)


def _python(words: tuple[str, ...], port: int, ground: Ground, upstreams: Upstreams) -> Running:
    return started([sys.executable, *words], port, ground.log(words[-1]), _told(upstreams))


def _node(
    script: str, ground: Ground, upstreams: Upstreams, environment: Mapping[str, str]
) -> Running:
    port = free_port()
    told = {
        **_told(upstreams),
        **environment,
        "NODE_ENV": "production",
        "NODE_PATH": packages(),
        "PORT": str(port),
    }
    return started([needs("node"), str(SOURCES / script)], port, ground.log(script), told)


def _told(upstreams: Upstreams) -> Mapping[str, str]:
    return {"PROMO_URL": upstreams.promo_url, "RECCO_URL": upstreams.recco_url}
