"""Cancelling is daily business: deadlines, closed tabs. It must leave nothing behind."""

import asyncio

import httpx

from gateway.aggregation.source import Source
from tests.integration.sources.asking import call, open_files, result_of, source_at, transport
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream

TURNS = 12
BATCH = 100  # more than the places for one upstream: some are cancelled while they wait for one
NORMAL_CALLS = 100


async def test_a_storm_of_cancelled_calls_leaves_the_transport_as_it_was() -> None:
    """Random delays hide a pool that loses places (encode/httpcore#1093), so each number of
    event-loop turns has its share of the 2,000 calls, against a good and a hanging upstream."""
    async with (
        MisbehavingUpstream(BEHAVIOURS["good"]) as good,
        MisbehavingUpstream(BEHAVIOURS["hangs"]) as hanging,
        transport() as ours,
    ):
        await _all_succeed(ours, good.url)
        before = open_files()
        cancelled = 0
        for upstream in (good, hanging):
            source = source_at(upstream.url, ours)
            for turns in range(TURNS):
                cancelled += await _cancelled_batch(source, turns)
        assert cancelled >= 2_000
        await _all_succeed(ours, good.url)
        await hanging.drop_connections()
        # Both ends of what rests in the pool are ours here.
        assert open_files() <= before + 2 * 60


async def test_a_storm_of_timeouts_leaves_the_transport_as_it_was() -> None:
    async with (
        MisbehavingUpstream(BEHAVIOURS["good"]) as good,
        MisbehavingUpstream(BEHAVIOURS["hangs"]) as hanging,
        transport() as ours,
    ):
        for upstream in (good, hanging):
            source = source_at(upstream.url, ours)
            await asyncio.gather(*(_timed_out(source, n / 10_000) for n in range(300)))
        await _all_succeed(ours, good.url)


async def test_an_upstream_that_hangs_leaves_connections_for_the_others() -> None:
    async with (
        MisbehavingUpstream(BEHAVIOURS["good"]) as good,
        MisbehavingUpstream(BEHAVIOURS["hangs"]) as hanging,
        transport() as ours,
    ):
        stuck = source_at(hanging.url, ours)
        tasks = [asyncio.create_task(result_of(stuck(call()))) for _ in range(150)]
        try:
            await _all_succeed(ours, good.url)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _cancelled_batch(source: Source, turns: int) -> int:
    """Cancel a batch of calls after so many turns of the loop; return how many were cancelled."""
    tasks = [asyncio.create_task(_ask(source)) for _ in range(BATCH)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    return sum(isinstance(each, asyncio.CancelledError) for each in done)


async def _ask(source: Source) -> None:
    # Begun inside the task: one that is cancelled before its first turn must leave no call behind.
    await source(call())


async def _timed_out(source: Source, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await source(call())
    except TimeoutError:
        pass


async def _all_succeed(ours: httpx.AsyncBaseTransport, url: str) -> None:
    source = source_at(url, ours)
    results = await asyncio.gather(*(result_of(source(call())) for _ in range(NORMAL_CALLS)))
    assert [result.word for result in results] == ["ok"] * NORMAL_CALLS
