"""What everybody stands on: a folder, a shop's databases, and the upstreams of one measure."""

import getpass
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from string import Template

from deploy.local.redis import free_port
from tests.bench.pages import replies
from tests.bench.pages.machine import LOAD_CORES
from tests.bench.pages.running import LeftOut, Running, needs, started
from tests.live import Shop

PEERS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Upstreams:
    """The ports of the two services, and how many seconds the slower one takes."""

    promo: int
    recco: int
    seconds: float = 0.0

    @property
    def promo_url(self) -> str:
        """The address of the promotions."""
        return f"http://127.0.0.1:{self.promo}"

    @property
    def recco_url(self) -> str:
        """The address of the recommendations."""
        return f"http://127.0.0.1:{self.recco}"


@dataclass(frozen=True)
class Ground:
    """``folder`` is for logs and rendered configurations; ``ending`` ends what was started."""

    folder: Path
    shop: Shop
    ending: ExitStack

    @property
    def replies(self) -> Path:
        """The folder with what the upstreams say."""
        return self.folder / "replies"

    def log(self, name: str) -> Path:
        """Return the file that ``name`` writes to."""
        return self.folder / f"{name}.log"

    def rendered(self, template: str, **values: object) -> Path:
        """Return the configuration ``template`` with ``values``, as a file of its own."""
        source = PEERS / template
        target = self.folder / f"{values.get('port', 0)}-{source.name}"
        text = Template(source.read_text(encoding="utf-8"))
        known = {"folder": self.folder, "replies": self.replies, "user": stays_who_it_is()}
        target.write_text(text.substitute(known, **values), encoding="utf-8")
        return target


def stays_who_it_is() -> str:
    """Return nginx's line that keeps its worker from giving up root, where it is started by root.

    The folder of a run is closed to all others.
    """
    return f"user {getpass.getuser()};" if os.getuid() == 0 else ""


def fast(ground: Ground) -> Upstreams:
    """Start upstreams that answer at once, on the core of the load: nginx, from files.

    Where there is no nginx, a server of ours does it: then the quickest contenders wait for it.
    """
    try:
        nginx = needs("nginx")
    except LeftOut:
        return slow(ground, 0.0, 0.0)
    port = free_port()
    plain = [each for each in replies.RESOURCES if each.path != replies.RECCO_PATH]
    locations = "\n".join(_location(each) for each in plain)
    conf = ground.rendered("nginx/upstream.conf", port=port, locations=locations)
    command = [nginx, "-c", str(conf), "-e", "stderr", "-g", "daemon off;"]
    running = started(command, port, ground.log("upstream"), cores=LOAD_CORES)
    ground.ending.callback(running.stop)
    return Upstreams(port, port)


def slow(ground: Ground, promo_seconds: float, recco_seconds: float) -> Upstreams:
    """Start upstreams that answer after so many seconds, on the core of the load."""
    promo, recco = free_port(), free_port()
    pairs = (promo_seconds, promo, recco_seconds, recco)
    command = [
        *(sys.executable, "-m", "tests.bench.pages.upstream"),
        *(str(ground.replies), *map(str, pairs)),
    ]
    running: Running = started(command, promo, ground.log("slow"), cores=LOAD_CORES)
    ground.ending.callback(running.stop)
    return Upstreams(promo, recco, max(promo_seconds, recco_seconds))


def _location(resource: replies.Resource) -> str:
    return (
        f"        location = {resource.path} {{\n"
        f'            default_type "{resource.content_type}";\n'
        f'            add_header Cache-Control "{resource.cache_control}";\n'
        f"            try_files /{resource.file} =404;\n"
        f"        }}"
    )
