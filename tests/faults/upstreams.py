"""Both services, misbehaving as they are told, in a process of their own.

What they send is then no memory of ours, and what they are busy with holds nothing up. Run as a
module it reads one JSON object per line and answers each with one; it ends when its input does.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from typing import Any, Self

from deploy.local.process import REPOSITORY
from tests.faults.behaviours import behaviours_of, says
from tests.misbehaving import MisbehavingUpstream
from tests.misbehaving.wire import reply

NAMES = ("promo", "recco")
END_SECONDS = 10.0


class Upstreams:
    """The two services, seen from a test. ``with Upstreams() as upstreams:`` starts them, well."""

    def __init__(self) -> None:
        self._ports: dict[str, int] = {}

    def url(self, name: str) -> str:
        """Return the address of a service, without a slash at the end."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def behave(self, name: str, how: str) -> None:
        """Let a service do what ``how`` names, from now on and on connections of old too."""
        self._ask(do="behave", who=name, how=how)

    def say(self, name: str, document: Any) -> None:
        """Let a service answer with ``document`` as JSON."""
        self._ask(do="say", who=name, document=document)

    def refuse(self, name: str) -> None:
        """Let nobody listen where a service was."""
        self._ask(do="refuse", who=name)

    def well(self) -> None:
        """Let both services be healthy."""
        for name in NAMES:
            self.behave(name, "well")

    def open(self, name: str) -> int:
        """Return how many connections to a service are open."""
        return int(self._ask(do="look", who=name)["open"])

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.upstreams"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ports = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(END_SECONDS)
        self._process.stdout.close()

    def _ask(self, **command: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


class _Service:
    """One service in its process: it listens or it does not, and behaves as it is told."""

    def __init__(self, name: str) -> None:
        self.behaviours = behaviours_of(name)
        self.server = MisbehavingUpstream(self.behaviours["well"])
        self.listens = False

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["do"]:
            case "behave":
                await self.become(self.behaviours[command["how"]])
            case "say":
                await self.become(says(reply(json.dumps(command["document"]).encode())))
            case "refuse":
                await self.shut()
        return {"open": self.server.open_connections}

    async def become(self, behaviour: Any) -> None:
        self.server.behaviour = behaviour
        await self.server.drop_connections()
        if not self.listens:
            await self.server.__aenter__()
            self.listens = True

    async def shut(self) -> None:
        if self.listens:
            await self.server.__aexit__(None, None, None)
            self.listens = False


async def _serve() -> None:
    services = {name: _Service(name) for name in NAMES}
    for service in services.values():
        await service.become(service.behaviours["well"])
    _write({name: service.server.port for name, service in services.items()})
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        command = json.loads(line)
        _write(await services[command["who"]].obey(command))
    for service in services.values():
        await service.shut()


def _write(document: Any) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
