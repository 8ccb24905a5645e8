"""A real shop for tests: the gateway and both services as processes, on free ports.

A test that takes the fixture ``shop`` finds it running and complete. Nothing is inherited from the
environment, and nothing outlives the tests: the kernel ends the processes with the one that
started them.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from deploy.local.process import Program, end, run, spawn, wait_until
from deploy.local.redis import free_port
from tests.plain import NO_TLS

START_SECONDS = 20.0
END_SECONDS = 15.0
DEMO_EMAIL = "ada@example.com"
DEMO_PASSWORD = "demo-password"

SERVER = os.environ.get("TESTS_SERVER", "daphne")
"""What every gateway of a test runs on that does not name another. It is the only thing that the
tests take from their environment: ``TESTS_SERVER=uvicorn make test``."""

PREPARATION = (("migrate", "--noinput"), ("seed",))
ONE_AFTER_ANOTHER = """
import json, sys
import django
from django.core.management import call_command
from tests.plain import NO_TLS
django.setup()
for command in json.loads(sys.argv[1]):
    call_command(*command)
"""

Environment = Mapping[str, str]


class Server:
    """A program of ours that serves HTTP on 127.0.0.1, as a process of its own.

    ``command`` is what Python is told, ``environment`` all that the program is told. Started again,
    it listens on the same port.
    """

    def __init__(self, command: list[str], environment: Environment, log: Path) -> None:
        self.log = log
        self.port = 0
        self._command = [sys.executable, *command]
        self._environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process, "it has not been started"
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers on /livez."""
        self.launch()
        assert wait_until(self.alive, START_SECONDS), self._story("It does not answer")

    def launch(self) -> None:
        """Start without waiting."""
        program = Program(self._command, self.log, self._environment | self._listening())
        self._process = spawn(program)

    def alive(self) -> bool:
        """Whether it answers on /livez. A process that has ended fails the test."""
        assert self._process, "it has not been started"
        assert self._process.poll() is None, self._story("It ended while it was starting")
        return self.status("/livez") == 200

    def status(self, path: str) -> int:
        """The status that a GET of ``path`` is answered with; 0 for no answer."""
        if not self.port:
            return 0
        try:
            return httpx.get(
                self.url + path, timeout=2.0, trust_env=False, verify=NO_TLS
            ).status_code
        except httpx.HTTPError:
            return 0

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end; the exit code."""
        assert self._process, "it has not been started"
        return self._process.wait(seconds)

    def running(self) -> bool:
        """Whether its process has not ended."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def pause(self) -> None:
        """Let it hang: its port still accepts, and nobody answers."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it. Twice is harmless."""
        if self._process:
            if self.running():
                self.resume()
            end(self._process, (signal.SIGTERM, END_SECONDS))
            self._process = None

    def said(self) -> str:
        """All that it has written."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _listening(self) -> Environment:
        """What it is told of where to listen."""
        self.port = self.port or free_port()
        return {"GATEWAY_PORT": str(self.port), "PORT": str(self.port)}

    def _story(self, what: str) -> str:
        return f"{what}: {' '.join(self._command)}\n{self.said()[-4000:]}"


class Service(Server):
    """One of our two services. It chooses its port itself, and says which."""

    def alive(self) -> bool:
        """Whether it answers on /livez."""
        self.port = self.port or self._announced()
        return super().alive()

    def _listening(self) -> Environment:
        return {"PORT": str(self.port)}

    def _announced(self) -> int:
        for line in self.said().splitlines():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("event") == "listening":
                    return int(said["port"])
        return 0


class Shop:
    """A gateway, both services, and what the gateway is told; the databases are the run's own."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.promo = Service(["-m", "promo_service"], {}, folder / "promo.log")
        self.recco = Service(["-m", "recco_service"], {}, folder / "recco.log")
        self.environment: dict[str, str] = {
            "SECRET_KEY": "only-for-tests-" + "x" * 40,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "HTTPS_ONLY": "false",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "STATIC_ROOT": str(folder / "static"),
            "UPLOADS_ROOT": str(folder / "uploads"),
            "DEMO_PASSWORD": DEMO_PASSWORD,
            "DJANGO_SETTINGS_MODULE": "tests.live_settings",
            # Nobody answers there until the services have told their addresses.
            "PROMO_SERVICE_URL": "http://127.0.0.1:1",
            "RECCO_SERVICE_URL": "http://127.0.0.1:1",
            "SERVER": SERVER,
        }
        self.gateway: Server
        self._gateways = 0

    @property
    def url(self) -> str:
        """The address of the shop, without a slash at the end."""
        return self.gateway.url

    def start(self) -> None:
        """Prepare the database and the static files, start all, and wait for a complete page."""
        for service in (self.promo, self.recco):
            service.launch()
        self._manage_all(("collectstatic", "--noinput"), *PREPARATION)
        for name, service in (("PROMO", self.promo), ("RECCO", self.recco)):
            assert wait_until(service.alive, START_SECONDS), service.said()
            self.environment[f"{name}_SERVICE_URL"] = service.url
        self.gateway = self.new_gateway()
        self.gateway.start()
        assert wait_until(lambda: complete(self.gateway), START_SECONDS), self.gateway.said()

    def stop(self) -> None:
        """End all."""
        servers = [self.promo, self.recco]
        if hasattr(self, "gateway"):
            servers.insert(0, self.gateway)
        for server in servers:
            server.stop()

    def prepare(self, **environment: str) -> None:
        """Migrate and seed a database."""
        self._manage_all(*PREPARATION, **environment)

    def manage(self, *command: str, **environment: str) -> None:
        """Run one of Django's commands to its end."""
        self._run("manage.py", *command, environment=environment)

    def _manage_all(self, *commands: tuple[str, ...], **environment: str) -> None:
        """Run some of Django's commands one after another; one start of Python is enough."""
        self._run("-c", ONE_AFTER_ANOTHER, json.dumps(commands), environment=environment)

    def _run(self, *words: str, environment: Environment) -> None:
        told = {"PATH": os.environ["PATH"], **self.environment, **environment}
        program = Program([sys.executable, *words], self.folder / "manage.log", told)
        run(program, f"{words[-1]} failed.")

    def new_gateway(self, *command: str, **environment: str) -> Server:
        """Return another gateway of this shop that is told ``environment`` too; not yet started.

        ``command`` is what Python is told, ``-m gateway.serve`` if nothing is given.
        """
        self._gateways += 1
        log = self.folder / f"gateway-{self._gateways}.log"
        words = list(command) or ["-m", "gateway.serve"]
        return Server(words, self.environment | environment, log)

    @contextlib.contextmanager
    def another_gateway(self, **environment: str) -> Iterator[Server]:
        """Give another gateway of this shop, started, that is told ``environment`` too.

        ``PROMO_FRESH_SECONDS="0"`` switches a cache off, ``PROMO_SERVICE_URL`` names a foreign
        service.
        """
        gateway = self.new_gateway(**environment)
        try:
            gateway.start()
            yield gateway
        finally:
            gateway.stop()


def complete(gateway: Server) -> bool:
    """Whether nothing is missing on its home page."""
    try:
        reply = httpx.get(f"{gateway.url}/", timeout=5.0, trust_env=False, verify=NO_TLS)
    except httpx.HTTPError:
        return False
    return reply.headers.get("Gateway-Complete") == "?1"


def database_beside(url: str, name: str) -> str:
    """Create an empty database on the server of ``url``; its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def shop(
    postgres_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop that runs, complete, with a database of its own; ``shop.url`` is its address."""
    database_url = database_beside(postgres_url, "live_shop")
    shop = Shop(tmp_path_factory.mktemp("shop"), database_url, redis_url)
    try:
        shop.start()
        yield shop
    finally:
        shop.stop()
