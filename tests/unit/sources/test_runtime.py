"""The one place that builds: once, lazily, in the running loop, and closed as a whole."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

import gateway.runtime
from gateway.aggregation.compose import Fragment, Plan
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import CacheMissed, FallbackServed, SourceReplied
from gateway.aggregation.source import State
from gateway.runtime import Runtime, close_runtime, runtime
from gateway.sources.http import Endpoint
from gateway.sources.orm import Query
from gateway.storefront.plan import AUTHOR_LIST, BOOK_LIST, HOME
from tests.fakes import Recorder
from tests.integration.sources.asking import call

THING = Endpoint(
    name="thing",
    service="PROMO_SERVICE_URL",
    path="/v1/thing",
    asks=("tag",),
    payload=dict[str, int],
    timeout="PROMO_TIMEOUT_SECONDS",
    fresh="PROMO_FRESH_SECONDS",
)


class Counting(httpx.MockTransport):
    """A transport that answers with how often it was asked, and knows whether it was closed."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(self._answer)
        self.requests: list[httpx.Request] = []
        self.closed = 0
        self._status = status

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, json={"asked": len(self.requests)})

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def transport() -> Counting:
    return Counting()


async def test_a_source_is_built_once(transport: Counting) -> None:
    ours = Runtime(transport)
    assert ours.source(THING) is ours.source(THING)
    await ours.close()


async def test_building_asks_nobody(transport: Counting) -> None:
    ours = Runtime(transport)
    for plan in (HOME, BOOK_LIST, AUTHOR_LIST):
        for fragment in plan.fragments:
            ours.source(fragment.source)
    assert transport.requests == []
    await ours.close()


async def test_a_transport_that_is_given_is_used_for_the_address_that_is_set(
    transport: Counting, settings: Any
) -> None:
    settings.PROMO_SERVICE_URL = "http://promo.test:8001/base"
    ours = Runtime(transport)
    reply = await ours.source(THING)(call(tag="a"))
    assert reply.value == {"asked": 1}
    assert str(transport.requests[0].url) == "http://promo.test:8001/base/v1/thing?tag=a"
    await ours.close()


async def test_a_fresh_time_of_zero_switches_the_cache_off(
    transport: Counting, settings: Any
) -> None:
    settings.PROMO_FRESH_SECONDS = 0
    heard = Recorder()
    ours = Runtime(transport, heard)
    replies = [await ours.source(THING)(call(tag="a")) for _ in range(3)]
    assert [reply.value["asked"] for reply in replies] == [1, 2, 3]
    assert {reply.state for reply in replies} == {State.LIVE}
    assert heard.of(CacheMissed) == []
    await ours.close()


async def test_within_its_fresh_time_a_source_is_asked_once_for_each_question(
    transport: Counting, settings: Any
) -> None:
    """Redis is not there: the cache in the process does it alone."""
    settings.PROMO_FRESH_SECONDS = 60
    ours = Runtime(transport, Recorder())
    first = await ours.source(THING)(call(tag="a"))
    await ours.background.drain(5)
    again = await ours.source(THING)(call(tag="a"))
    other = await ours.source(THING)(call(tag="b"))
    assert (first.value, again.value, other.value) == ({"asked": 1}, {"asked": 1}, {"asked": 2})
    assert (first.state, again.state) == (State.LIVE, State.FRESH)
    await ours.close()


async def test_a_fallback_stands_in_where_one_is_declared_and_only_there() -> None:
    heard = Recorder()
    ours = Runtime(Counting(status=500), heard)
    with pytest.raises(SourceError):
        await ours.source(THING)(call(tag="a"))
    promo = HOME.fragments[0].source
    reply = await ours.source(promo)(call(on=None))
    assert reply.state is State.FALLBACK
    assert reply.reason == "status"
    assert [event.source for event in heard.of(FallbackServed)] == ["promo"]
    assert [event.source for event in heard.of(SourceReplied)] == ["promo"]
    await ours.close()


async def test_a_source_gets_what_it_asks_for_and_nothing_else(transport: Counting) -> None:
    ours = Runtime(transport, Recorder())
    plan = Plan("page", 5.0, (Fragment("thing", THING),))
    page = await ours.compose(plan, call(tag="a", session_hash="secret"))
    assert page.complete
    assert dict(transport.requests[0].url.params) == {"tag": "a"}
    await ours.close()


async def test_a_declaration_that_nobody_knows_is_an_error_that_names_it(
    transport: Counting,
) -> None:
    class Unknown:
        name = "unknown"
        asks = ()

    ours = Runtime(transport)
    with pytest.raises(TypeError, match="Unknown"):
        ours.source(Unknown())
    await ours.close()


async def test_closing_closes_the_transport_and_may_be_repeated(transport: Counting) -> None:
    ours = Runtime(transport)
    await ours.close()
    assert transport.closed == 1
    await ours.close()


async def test_a_runtime_with_its_own_transport_closes_twice_as_well() -> None:
    ours = Runtime()
    with pytest.raises(SourceError):
        await ours.source(THING)(call(tag="a"))
    await ours.close()
    await ours.close()


async def test_a_loop_has_one_runtime_until_it_is_closed() -> None:
    first = runtime()
    assert runtime() is first
    await close_runtime()
    await close_runtime()
    assert runtime() is not first


def test_two_loops_have_two_runtimes() -> None:
    """Pools and sockets belong to the loop in which they were opened."""

    async def ours() -> Runtime:
        assert runtime() is runtime()
        mine = runtime()
        await close_runtime()
        return mine

    assert asyncio.run(ours()) is not asyncio.run(ours())


def test_a_test_may_build_its_own(monkeypatch: pytest.MonkeyPatch, transport: Counting) -> None:
    built = []

    def build() -> Runtime:
        built.append(Runtime(transport))
        return built[-1]

    monkeypatch.setattr(gateway.runtime, "build", build)

    async def ours() -> Runtime:
        try:
            return runtime()
        finally:
            await close_runtime()

    assert asyncio.run(ours()) is built[0]


def test_every_fallback_is_of_the_type_that_the_page_expects() -> None:
    """A stand-in that a template cannot show would turn a small fault into a large one."""
    for plan in (HOME, BOOK_LIST, AUTHOR_LIST):
        for fragment in plan.fragments:
            declared = fragment.source
            assert isinstance(declared, Endpoint | Query)
            if declared.fallback is not msgspec.UNSET:
                plain = msgspec.to_builtins(declared.fallback)
                assert msgspec.convert(plain, declared.payload, str_keys=True) == declared.fallback
