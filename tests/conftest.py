"""What every test shares: how coroutines run, and the real servers, started where one is wanted."""

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.management import call_command
from django.db import connections

from deploy.local.postgres import EmbeddedPostgres
from deploy.local.redis import EmbeddedRedis
from gateway.runtime import close_runtime
from tests.fakes import VirtualClock

pytest_plugins = ["tests.live"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell pytest-django who needs a database: it makes one only if somebody says so."""
    for item in items:
        if "django_db_setup" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)


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
        runner.run(_to_the_end(pyfuncitem.obj, wanted))
    return True


async def _to_the_end(test: Any, wanted: dict[str, Any]) -> None:
    try:
        await test(**wanted)
    finally:
        await close_runtime()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that only moves when every task of the test waits: no test sleeps for real."""
    return VirtualClock()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Postgres of this run's own."""
    with EmbeddedPostgres(_folder(tmp_path_factory) / "postgres", durable=False) as postgres:
        yield postgres.url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this run's own."""
    with EmbeddedRedis(_folder(tmp_path_factory) / "redis") as redis:
        yield redis.url


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("servers")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_url: str) -> None:
    """Let Django's tests use the Postgres of this run."""
    ours = environ.Env.db_url_config(postgres_url, engine="django.db.backends.postgresql")
    described = connections["default"].settings_dict
    described.update(ours | {"OPTIONS": {**described["OPTIONS"], **ours.get("OPTIONS", {})}})


@pytest.fixture(scope="session")
def shop_data(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The shop's books and its demo member in Postgres, for tests that leave things as they are.

    The demo member's password is ``demo-password``.
    """
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_PASSWORD", "demo-password")
        call_command("seed", verbosity=0)
        yield
