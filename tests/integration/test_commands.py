"""``manage.py fault`` and ``manage.py purge``: what they switch, and what they say."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connections

from deploy.local.process import REPOSITORY
from gateway.aggregation.events import CacheFailed
from gateway.aggregation.faults import FaultRule
from gateway.ops.sources import SOURCES
from gateway.runtime import Runtime, _postgres_parameters
from gateway.sources.inforce import Kind
from gateway.sources.switches import Switches
from tests.fakes import Recorder
from tests.integration.conftest import InProcess
from tests.switchboard import Switchboard, switchboard

PATIENCE_SECONDS = 10.0
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def switched(
    redis_url: str, settings: Any, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Switchboard]:
    """The commands write what gateways read: nothing of it is there before, and nothing after."""
    settings.REDIS_URL = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    with switchboard(**_postgres_parameters()) as board, django_db_blocker.unblock():
        yield board


def _said(*words: str) -> str:
    """What a command says, run as a process would: over a connection of its own, and committed."""
    out = StringIO()

    def run() -> None:
        try:
            call_command(*words, stdout=out)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(run).result()
    return out.getvalue()


@asynccontextmanager
async def _switches(services: InProcess) -> AsyncIterator[Switches]:
    """What another gateway sees of the switches, once Redis has answered it in time."""
    heard = Recorder()
    ours = Runtime(services, heard)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ours.switches.look()
            while heard.of(CacheFailed):
                heard.events.clear()
                await asyncio.sleep(0.01)
                await ours.switches.look()
        yield ours.switches
    finally:
        await ours.close()


async def test_a_fault_reaches_every_gateway(services: InProcess) -> None:
    said = _said("fault", "promo", "--delay", "800ms", "--percent", "30")
    assert "promo" in said
    assert "manage.py fault promo --off" in said
    async with _switches(services) as switches:
        assert switches.fault("promo") == FaultRule(delay_seconds=0.8, delay_percent=30.0)
        assert switches.fault("recco") is None


async def test_an_abort_may_come_with_a_delay(services: InProcess) -> None:
    _said("fault", "recco", "--abort", "--delay", "1.5s")
    async with _switches(services) as switches:
        assert switches.fault("recco") == FaultRule(1.5, 100.0, 100.0)


async def test_a_fault_ends_when_it_is_switched_off(services: InProcess) -> None:
    _said("fault", "promo", "--abort")
    assert "promo" in _said("fault", "promo", "--off")
    async with _switches(services) as switches:
        assert switches.fault("promo") is None


async def test_a_fault_ends_by_itself(services: InProcess, switched: Switchboard) -> None:
    before = time.time()
    _said("fault", "promo", "--abort", "--for", "60s")
    _, until = switched.held()["fault", "promo"]
    assert until is not None
    assert 60 <= until - before < 60 + PATIENCE_SECONDS
    switched.fault("promo", FaultRule(abort_percent=100.0), -1)
    assert "No fault" in _said("fault")
    async with _switches(services) as switches:
        assert switches.fault("promo") is None


def test_without_a_source_the_faults_are_listed() -> None:
    assert _said("fault") == "No fault is switched on.\n"
    _said("fault", "recco", "--abort", "--percent", "5")
    _said("fault", "promo", "--delay", "800ms")
    listed = _said("fault").splitlines()
    assert listed == ["promo: 0.8 s for 100 %, failing 0 %", "recco: 0.0 s for 0 %, failing 5 %"]


def test_switching_off_what_is_not_on_is_harmless(switched: Switchboard) -> None:
    assert "promo" in _said("fault", "promo", "--off")
    assert switched.history() == []


def test_each_fault_stands_in_the_history(switched: Switchboard) -> None:
    _said("fault", "promo", "--delay", "800ms", "--percent", "30")
    _said("fault", "promo", "--off")
    (name, before, on, by), (_, still_on, off, _) = switched.history()
    assert (name, before, off, by) == ("promo", "no fault", "no fault", "manage.py")
    assert on.startswith("800 ms for 30 % of calls until ")
    assert still_on == "800 ms for 30 % of calls"


async def test_a_purge_reaches_every_gateway(services: InProcess) -> None:
    before = time.time()
    said = _said("purge", "promo", "recco")
    assert len(said.splitlines()) == 2
    async with _switches(services) as switches:
        assert before <= switches.purged_at("promo") <= time.time()
        assert before <= switches.purged_at("recco") <= time.time()
        assert switches.purged_at("books") == 0.0


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("promo",), "--delay"),
        (("promo", "--delay", "5"), "'5'"),
        (("promo", "--delay=-5s"), "'-5s'"),
        (("promo", "--delay", "soon"), "'soon'"),
        (("promo", "--abort", "--percent", "101"), "between 0 and 100"),
        (("promo", "--abort", "--percent", "-1"), "between 0 and 100"),
        (("promo", "--abort", "--percent", "nan"), "between 0 and 100"),
        (("promo", "--abort", "--percent", "many"), "'many'"),
        (("promo", "--abort", "--for", "0s"), "--for"),
        (("promo", "--abort", "--for", "ever"), "'ever'"),
        (("--off",), "source"),
        (("--abort",), "source"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(words: tuple[str, ...], names: str) -> None:
    with pytest.raises(CommandError) as refused:
        _said("fault", *words)
    assert refused.value.returncode == 1
    assert names in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert _said("fault") == "No fault is switched on.\n"


def test_a_plan_tells_what_was_changed_at_run_time_and_by_whom(switched: Switchboard) -> None:
    switched.put(Kind.SETTING, "PROMO_TIMEOUT_SECONDS", 0.25)
    switched.put(Kind.OFF, "recco", None, 600)
    said = " ".join(_said("plan", "home").split())
    assert "0.25 s (PROMO_TIMEOUT_SECONDS, changed at run time by a test)" in said
    assert "OFF nobody is asked: switched off by a test until " in said
    assert "observe( fallback( switched_off( caching(" in said
    offline = _said("plan", "home", "--offline")
    assert "0.4 s (PROMO_TIMEOUT_SECONDS, default)" in offline
    assert "OFF" not in offline


def test_without_postgres_a_plan_is_told_and_what_is_missing_from_it_too() -> None:
    done = _process("plan", "home", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 0
    assert "0.4 s (PROMO_TIMEOUT_SECONDS, default)" in done.stdout
    assert "Postgres does not tell what was changed at run time (refused)" in done.stderr


@pytest.mark.parametrize("command", ["fault", "purge"])
def test_an_unknown_source_is_refused_and_the_known_are_named(command: str) -> None:
    with pytest.raises(CommandError, match="no source 'nobody'") as refused:
        _said(command, "nobody")
    assert all(name in str(refused.value) for name in SOURCES)


def test_one_unknown_source_among_several_purges_none(redis_url: str) -> None:
    with pytest.raises(CommandError):
        _said("purge", "promo", "nobody")
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []


def test_without_redis_faults_are_switched_all_the_same(settings: Any) -> None:
    settings.REDIS_URL = NOBODY
    assert "Within a second" in _said("fault", "promo", "--abort")
    assert _said("fault").startswith("promo: ")


def test_without_redis_it_is_said_that_nothing_was_purged(settings: Any) -> None:
    settings.REDIS_URL = NOBODY
    with pytest.raises(CommandError, match="Redis does not answer") as refused:
        _said("purge", "promo")
    assert refused.value.returncode == 1
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("fault",), ("fault", "promo", "--abort"), ("fault", "promo", "--off")]
)
def test_without_postgres_it_is_said_that_nothing_was_done(words: tuple[str, ...]) -> None:
    done = _process(*words, DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "Postgres does not answer, so nothing was done" in line


def test_a_person_reads_one_line_and_no_stack_trace() -> None:
    done = _process("fault", "nobody", "--abort")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no source 'nobody'" in done.stderr


def _process(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as people do."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=REPOSITORY,
        env={
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(REPOSITORY),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
