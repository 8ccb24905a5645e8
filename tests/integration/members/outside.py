"""The world outside, for tests of joining: the mailbox, and a worker that writes to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from deploy.local.process import Program, end, spawn, wait_until
from tests.live import Server, Shop
from tests.plain import NO_TLS
from tests.standins.running import Standins

PATIENCE_SECONDS = 15.0


def smtp(standins: Standins) -> str:
    """What EMAIL_URL has to be."""
    return f"smtp://127.0.0.1:{standins.smtp_port}"


def mails(standins: Standins, to: str) -> list[dict[str, Any]]:
    """The mails to an address, newest first."""
    answer = httpx.get(
        f"{standins.url}/mail.json", params={"to": to}, trust_env=False, verify=NO_TLS
    )
    found: list[dict[str, Any]] = answer.json()["mails"]
    return found


def mail(standins: Standins, to: str, number: int = 1) -> dict[str, Any]:
    """The newest mail to an address that gets so many, waited for."""
    wait_until(lambda: len(mails(standins, to)) >= number, PATIENCE_SECONDS)
    found = mails(standins, to)
    assert len(found) == number, f"{len(found)} mails to {to}"
    return found[0]


class Worker:
    """``manage.py db_worker`` as a process, told what the shop's gateway is told."""

    def __init__(self, shop: Shop, email_url: str, *, database_url: str = "") -> None:
        self.log = shop.folder / "worker.log"
        ours = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "PGAPPNAME": "worker"}
        environment = ours | shop.environment
        environment["DATABASE_URL"] = database_url or environment["DATABASE_URL"]
        self._program = Program(
            [sys.executable, "manage.py", "db_worker", "--interval", "0.1"],
            self.log,
            environment | {"EMAIL_URL": email_url},
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Worker":
        """Start without waiting."""
        self.process = spawn(self._program)
        return self

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process
        end(self.process, (signal.SIGTERM, 10.0))
        return self.process.returncode

    def said(self) -> str:
        """All that it has written."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


@contextmanager
def working(shop: Shop, email_url: str) -> Iterator[Worker]:
    """A worker, running."""
    worker = Worker(shop, email_url).start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def joinable(shop: Shop, standins: Standins) -> Iterator[Server]:
    """A gateway of the shop that knows the stand-ins."""
    with shop.another_gateway(AVATAR_SERVICE_URL=standins.url, STANDINS="avatar,email") as gateway:
        yield gateway
