"""A shop of its own for a command: everything on free ports, nothing left behind."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from deploy.local.errors import StartError
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.redis import EmbeddedRedis
from tests.live import Shop

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
GATEWAY_CORES = _CORES[:1] if len(_CORES) > 1 else []
OTHER_CORES = _CORES[1:]


class Stage:
    """A shop that runs, and the two databases behind it."""

    def __init__(self, shop: Shop, postgres: EmbeddedPostgres, redis: EmbeddedRedis) -> None:
        self.shop = shop
        self.postgres = postgres
        self.redis = redis

    def cpu_seconds(self) -> float:
        """Return the processor time that the gateway has had so far; 0.0 where nobody tells."""
        stat = Path(f"/proc/{self.shop.gateway.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def opened(**environment: str) -> Iterator[Stage]:
    """Give a shop, complete, whose gateway is told ``environment`` too; end all of it afterwards.

    The gateway has a core for itself where there are two.
    """
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="shop-")))
        folder.chmod(0o711)  # Postgres, as another user, must pass
        _pin(os.getpid(), OTHER_CORES)
        postgres = EmbeddedPostgres(folder / "postgres", durable=False)
        redis = EmbeddedRedis(folder / "redis")
        for server in (postgres, redis):
            server.start()
            ending.callback(server.stop)
        shop = Shop(folder, postgres.url, redis.url)
        shop.environment |= environment
        ending.callback(shop.stop)
        shop.start()
        _pin(shop.gateway.pid, GATEWAY_CORES)
        yield Stage(shop, postgres, redis)


def _pin(pid: int, cores: list[int]) -> None:
    if cores and GATEWAY_CORES:
        os.sched_setaffinity(pid, cores)


def run_command(command: Callable[[], int]) -> None:
    """Run ``command`` as a program: SIGTERM and Ctrl-C end all of it, an error is a sentence."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(command())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
    except StartError as error:
        sys.exit(str(error))


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt
