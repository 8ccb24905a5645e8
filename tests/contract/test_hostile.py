"""Whatever a service does, a trial ends soon, says that it is broken, and writes nothing raw."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.contracts import asking
from gateway.contracts.bodies import MOST_FINDINGS, faults
from gateway.contracts.junit import junit
from gateway.contracts.pactfiles import interactions
from gateway.contracts.report import report
from gateway.contracts.services import CONTRACTS, PROMOTIONS, Contract
from gateway.contracts.trial import Trial
from tests.contract.foreign import Answer, plain_promo, plain_recco
from tests.contract.serving import tried, tried_at
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream

# A trial that waits 2 s for each question would make these tests wait for nothing.
SHORT_SECONDS = 0.15
MOST_SECONDS = 8.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a trial give each question little time."""
    monkeypatch.setattr(asking, "ANSWER_SECONDS", SHORT_SECONDS)


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
@pytest.mark.usefixtures("impatient")
async def test_a_misbehaving_service_is_broken_and_soon_done_with(name: str) -> None:
    began = time.monotonic()
    async with MisbehavingUpstream(BEHAVIOURS[name]) as upstream:
        trial = await tried_at(PROMOTIONS, upstream.url)
    assert time.monotonic() - began < MOST_SECONDS
    assert trial.broken
    assert trial.reachable
    said = report([trial])
    assert said.isascii()
    assert all(char.isprintable() or char == "\n" for char in said)
    assert len(said) < 60_000
    assert junit([trial]).startswith(b"<?xml")


async def test_a_service_that_is_always_too_slow_for_a_page_is_broken(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PROMO_TIMEOUT_SECONDS = 0.000_001
    trial = await tried(PROMOTIONS, plain_promo)
    assert trial.broken
    assert "the quickest took" in report([trial])


@pytest.mark.usefixtures("impatient")
async def test_a_reply_that_never_gets_as_long_as_it_says_tells_how_much_came() -> None:
    class Stalls(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{}"
            await asyncio.Event().wait()

    stalling = httpx.MockTransport(lambda _: httpx.Response(200, stream=Stalls()))
    trial = Trial(PROMOTIONS, "http://foreign.test", asking.Messenger(stalling))
    await trial.run(interactions(PROMOTIONS.provider))
    told = [str(each) for result in trial.results for each in result.findings]
    assert any("though 2 bytes came; is its Content-Length too large?" in each for each in told)


async def test_a_quick_head_does_not_hide_that_every_reply_is_too_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = asking.Messenger.ask

    async def slowly(ours: asking.Messenger, request: asking.Request) -> asking.Exchange:
        came = await whole(ours, request)
        late = came.status == 200 and request.method == "GET"
        return replace(came, seconds=0.9 if late else 0.001)

    monkeypatch.setattr(asking.Messenger, "ask", slowly)
    trial = await tried(PROMOTIONS, plain_promo)
    assert trial.broken
    assert "the quickest took 0.90 s" in report([trial])


async def test_a_trial_asks_no_more_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.contracts.trial.TRIAL_SECONDS", -1.0)
    trial = await tried(PROMOTIONS, plain_promo)
    assert trial.broken
    assert all(result.came is None for result in trial.results)
    assert "not everything could be asked" in report([trial])


async def test_what_a_service_writes_cannot_paint_the_terminal() -> None:
    def painted(asked: Any) -> Answer:
        answer = plain_promo(asked)
        if answer.status != 200:
            return answer
        evil = "\x1b[2J\x1b]0;owned\x07\u202e\n\nAll is well"
        headers = {**answer.headers, "ETag": '"x"'}
        return Answer(
            200, headers, {"on": evil, evil: 1, "campaign": {"id": evil}, "banners": evil}
        )

    trial = await tried(PROMOTIONS, painted)
    said = report([trial]) + junit([trial]).decode()
    assert trial.broken
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\nAll is well" not in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["on", "campaign", "banners", "items", "strategy", "member_id"])


@settings(max_examples=60, deadline=None)
@given(value=st.dictionaries(NAMES | st.text(max_size=5), JSON), index=st.integers(0, 1))
def test_any_json_is_judged_without_an_error_of_ours(value: Any, index: int) -> None:
    contract = CONTRACTS[index]
    found = faults(value, contract.endpoint.payload)
    assert len(found) <= MOST_FINDINGS
    contract.rules({"on": "2026-11-20", "member_id": "42", "limit": "6"}, value)
    contract.rules({}, value)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_a_great_many_faults_are_told_in_bounds(contract: Contract) -> None:
    def many(asked: Any) -> Answer:
        answer = (plain_promo if contract is PROMOTIONS else plain_recco)(asked)
        rows = [{"id": n, "isbn": n} for n in range(5_000)]
        value = {**(answer.value or {}), "banners": rows[:50], "items": rows[:24]}
        return replace(answer, value=value) if answer.status == 200 else answer

    trial = await tried(contract, many)
    assert trial.broken
    assert len(report([trial])) < 200_000
