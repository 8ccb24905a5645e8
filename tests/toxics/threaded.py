"""The proxy for tests that are no coroutines: it lives in a thread and an event loop of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from .proxy import HOST, Address, Proxy
from .toxics import Direction, Toxic

ANSWER_SECONDS = 10.0

T = TypeVar("T")


class ToxicProxy:
    """Listens on a free port of 127.0.0.1 and forwards to ``upstream``, through its toxics.

    Leaving the block cuts every connection and ends the thread. ``seed`` makes what chance decides
    (jitter, toxicity, the sizes of slices) the same every time.
    """

    def __init__(self, upstream: Address, seed: int = 0) -> None:
        self._proxy = Proxy(upstream, seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="toxic-proxy")

    @property
    def port(self) -> int:
        """Where it listens, from the beginning to the end, also while it refuses."""
        return self._proxy.port

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as a socket takes them."""
        return HOST, self.port

    @property
    def accepted(self) -> int:
        """How many connections it has accepted."""
        return self._proxy.accepted

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return self._proxy.open_connections

    def passed(self, direction: Direction) -> int:
        """Return how many bytes it has passed on that way."""
        return self._proxy.bytes[direction]

    def add(self, toxic: Toxic) -> None:
        """Put ``toxic`` behind those that work already; it counts for open connections too."""
        self._run(self._proxy.add(toxic))

    def remove(self, toxic: Toxic) -> None:
        """Take ``toxic`` out: this very one, not its like."""
        self._run(self._proxy.remove(toxic))

    def clear(self) -> None:
        """Take all toxics out."""
        self._run(self._proxy.clear())

    def cut(self) -> None:
        """Cut every open connection, as a restart of the server would."""
        self._run(self._proxy.cut())

    @contextmanager
    def poisoned(self, *toxics: Toxic) -> Iterator[None]:
        """Let ``toxics`` work while the block runs."""
        for toxic in toxics:
            self.add(toxic)
        try:
            yield
        finally:
            for toxic in toxics:
                self.remove(toxic)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._proxy.listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._run(self._proxy.close())
            # Transports that were closed let go of their sockets a turn later.
            self._run(asyncio.sleep(0))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ANSWER_SECONDS)
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)
