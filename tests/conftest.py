"""What every test shares: coroutine tests run, each in an event loop of its own."""

import asyncio
import inspect

import pytest

from tests.fakes import VirtualClock


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in a fresh loop; under the virtual clock if it asks for ``clock``."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = {
        name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters
    }
    clock = wanted.get("clock")
    factory = clock.new_event_loop if isinstance(clock, VirtualClock) else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(pyfuncitem.obj(**wanted))
    return True


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that only moves when every task of the test waits: no test sleeps for real."""
    return VirtualClock()
