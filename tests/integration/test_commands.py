"""``manage.py fault`` and ``manage.py purge``: what they switch, and what they say."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from deploy.local.process import REPOSITORY
from gateway.aggregation.events import CacheFailed
from gateway.aggregation.faults import FaultRule
from gateway.ops.sources import SOURCES
from gateway.runtime import Runtime
from gateway.sources.switches import Switches
from tests.fakes import Recorder
from tests.integration.conftest import InProcess

PATIENCE_SECONDS = 10.0
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _an_empty_redis(redis_url: str, settings: Any) -> None:
    settings.REDIS_URL = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def _said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
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


async def test_a_fault_ends_by_itself(services: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    _said("fault", "promo", "--abort", "--for", "60s")
    async with _switches(services) as switches:
        assert switches.fault("promo") is not None
        later = time.time() + 61
        monkeypatch.setattr(time, "time", lambda: later)
        assert "No fault" in _said("fault")


def test_without_a_source_the_faults_are_listed() -> None:
    assert _said("fault") == "No fault is switched on.\n"
    _said("fault", "recco", "--abort", "--percent", "5")
    _said("fault", "promo", "--delay", "800ms")
    listed = _said("fault").splitlines()
    assert listed == ["promo: 0.8 s for 100 %, failing 0 %", "recco: 0.0 s for 0 %, failing 5 %"]


def test_switching_off_what_is_not_on_is_harmless() -> None:
    assert "promo" in _said("fault", "promo", "--off")


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


@pytest.mark.parametrize(
    "words",
    [("fault",), ("fault", "promo", "--abort"), ("fault", "promo", "--off"), ("purge", "promo")],
)
def test_without_redis_it_is_said_that_nothing_was_done(
    words: tuple[str, ...], settings: Any
) -> None:
    settings.REDIS_URL = NOBODY
    with pytest.raises(CommandError, match="Redis does not answer") as refused:
        _said(*words)
    assert refused.value.returncode == 1
    assert len(str(refused.value).splitlines()) == 1


def test_a_person_reads_one_line_and_no_stack_trace() -> None:
    command = [sys.executable, "manage.py", "fault", "nobody", "--abort"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no source 'nobody'" in done.stderr
