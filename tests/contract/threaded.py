"""Foreign services served beside a test that is not asynchronous itself."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager

from tests.contract.foreign import Service
from tests.contract.serving import served

PATIENCE_SECONDS = 10.0


@contextmanager
def served_in_a_thread() -> Iterator[Callable[[Service], str]]:
    """Give what serves a service on a free port of this machine, and returns its address."""
    ready: Future[tuple[asyncio.AbstractEventLoop, AsyncExitStack, asyncio.Event]] = Future()

    async def stage() -> None:
        ended = asyncio.Event()
        async with AsyncExitStack() as running:
            ready.set_result((asyncio.get_running_loop(), running, ended))
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(stage(),), daemon=True)
    thread.start()
    loop, running, ended = ready.result(PATIENCE_SECONDS)

    def serve(service: Service) -> str:
        started = running.enter_async_context(served(service))
        return asyncio.run_coroutine_threadsafe(_value(started), loop).result(PATIENCE_SECONDS)

    try:
        yield serve
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE_SECONDS)


async def _value(started: "asyncio.Future[str] | object") -> str:
    return str(await started)  # type: ignore[misc]
