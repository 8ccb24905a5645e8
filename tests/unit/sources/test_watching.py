"""Looking at a service's replies now and then: how often, at what cost, and what is told of it."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import BadPayload
from gateway.aggregation.events import ContractDrifted, Event
from gateway.aggregation.source import Call
from gateway.runtime import Runtime
from gateway.sources import watching as room
from gateway.sources.drift import TELL_AGAIN_SECONDS
from gateway.sources.http import Endpoint, http_source
from gateway.sources.watching import EVERY_SECONDS, MOST_BYTES, Watch, watching
from gateway.telemetry import logs, metrics
from tests.fakes import Recorder

SECRET = "what-a-member-reads"


class Thing(msgspec.Struct):
    """What the page needs."""

    id: str
    note: str = ""


THING = Endpoint(
    name="thing", service="PROMO_SERVICE_URL", path="/v1/thing", payload=Thing,
    timeout="PROMO_TIMEOUT_SECONDS",
)  # fmt: skip
DRIFTED = json.dumps({"id": SECRET, "extra": SECRET, SECRET + "!": 1}).encode()
FOUND = {("note", "missing"), ("extra", "unknown"), ("other", "unknown")}


class Clock:
    """A clock that stands still until it is told otherwise."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Looks(Recorder):
    """Listens, and knows how many replies were looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.watch: Watch = watching("thing", Thing, self, self.clock)

    async def after(self, body: bytes) -> list[ContractDrifted]:
        """What is told of one more reply."""
        before = len(self.events)
        self.watch(body)
        await asyncio.sleep(0)
        return [each for each in self.events[before:] if isinstance(each, ContractDrifted)]


async def test_the_first_reply_is_looked_at_and_then_one_in_a_while() -> None:
    looks = Looks()
    assert {(each.field, each.kind) for each in await looks.after(DRIFTED)} == FOUND
    looks.clock.now += EVERY_SECONDS - 0.1
    assert await looks.after(DRIFTED) == []
    looks.clock.now += 0.1
    assert len(await looks.after(DRIFTED)) == len(FOUND)
    assert await looks.after(DRIFTED) == []


async def test_a_field_is_news_once_a_day_and_counted_each_time() -> None:
    looks = Looks()
    assert all(each.news for each in await looks.after(DRIFTED))
    looks.clock.now += EVERY_SECONDS
    again = await looks.after(DRIFTED)
    assert again
    assert not any(each.news for each in again)
    looks.clock.now += TELL_AGAIN_SECONDS
    assert all(each.news for each in await looks.after(DRIFTED))


async def test_no_page_waits_for_the_look() -> None:
    looks = Looks()
    looks.watch(DRIFTED)
    assert looks.events == []


async def test_what_is_not_looked_at_costs_a_look_at_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Looks()
    await looks.after(DRIFTED)
    monkeypatch.setattr(room, "drift_of", lambda *_: pytest.fail("it was looked at"))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "get_running_loop", lambda: pytest.fail("the loop was asked"))
        for _ in range(1000):
            looks.watch(DRIFTED)


async def test_a_very_large_reply_is_passed_over_and_the_next_one_is_not() -> None:
    looks = Looks()
    large = json.dumps({"id": "1", "extra": "x" * MOST_BYTES}).encode()
    assert await looks.after(large) == []
    assert len(await looks.after(DRIFTED)) == len(FOUND)


async def asked(*bodies: bytes) -> list[Event]:
    """Return what is told while a source gives those replies."""
    heard, given = Recorder(), iter(bodies)
    answers = httpx.MockTransport(
        lambda _: httpx.Response(
            200, headers={"Content-Type": "application/json"}, content=next(given)
        )
    )
    source = http_source(THING, "http://thing.test", answers, watching("thing", Thing, heard))
    for _ in bodies:
        await source(Call(Deadline.after(5)))
    await asyncio.sleep(0)
    return heard.events


async def test_a_source_is_watched_as_it_answers() -> None:
    assert {(each.field, each.kind) for each in await asked(DRIFTED, DRIFTED)} == FOUND  # type: ignore[union-attr]
    assert await asked(b'{"id": "1", "note": ""}') == []


async def test_a_reply_that_breaks_the_contract_is_no_drift() -> None:
    """It is counted as the failure that it is."""
    with pytest.raises(BadPayload):
        await asked(b'{"extra": 1}')


async def test_the_runtime_watches_every_service() -> None:
    heard = Recorder()
    answers = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Type": "application/json"}, content=DRIFTED)
    )
    ours = Runtime(answers, heard)
    await ours.source(THING)(Call(Deadline.after(5)))
    await asyncio.sleep(0)
    assert {(each.source, each.field, each.kind) for each in heard.of(ContractDrifted)} == {
        ("thing", *found) for found in FOUND
    }
    await ours.close()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure({"level": "DEBUG"})
    try:
        yield stream
    finally:
        root.handlers, root.level = before, level


async def test_neither_log_nor_metrics_ever_hold_a_value(said: io.StringIO) -> None:
    looks = Looks()
    for _ in range(2):
        for event in await looks.after(DRIFTED):
            logs.log_event(event)
            metrics.count_event(event)
        looks.clock.now += EVERY_SECONDS
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert {(line["field"], line["kind"]) for line in lines} == FOUND
    assert len(lines) == len(FOUND), "it was told twice in a day"
    shown = metrics.exposition().decode()
    assert 'gateway_contract_drift_total{field="extra",kind="unknown",source="thing"} 2.0' in shown
    assert SECRET not in shown + said.getvalue()
