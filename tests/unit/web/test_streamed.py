"""Pages that come bit by bit, through the handler and the whole middleware."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from structlog.contextvars import get_contextvars

import gateway.runtime
import gateway.web.streamed
from gateway.aggregation.compose import Composition
from gateway.aggregation.errors import SourceRefused, SourceTimeout
from gateway.aggregation.events import Event, PageComposed
from gateway.aggregation.source import Call, Reply, State
from gateway.aggregation.stream import Progress
from gateway.runtime import Runtime
from gateway.storefront import views
from gateway.storefront.plan import HOME
from gateway.web import bits, patches
from gateway.web.handler import Handler
from gateway.web.protection import CONTENT_SECURITY_POLICY
from gateway.web.streamed import LATEST_SECONDS, pays
from tests.fakes import FakeSource, Recorder
from tests.staged import Stage
from tests.unit.engine.pages import fragment, plan
from tests.unit.storefront.pages import banner, promotions, recommendations
from tests.unit.web.asking import Visit
from tests.unit.web.fields import boolean, listed, timings

HTML = (b"accept", b"text/html,*/*;q=0.8")
CHROMIUM = (b"sec-ch-ua", b'"Chromium";v="156"')


@dataclass
class Held:
    """A source that answers when it is told what."""

    _answer: "asyncio.Future[Any]" = field(init=False)
    cancelled: bool = False

    def __post_init__(self) -> None:
        self._answer = asyncio.get_running_loop().create_future()

    def says(self, answer: Any) -> None:
        """Answer, or fail if it is an error."""
        if isinstance(answer, BaseException):
            self._answer.set_exception(answer)
        else:
            self._answer.set_result(answer if isinstance(answer, Reply) else Reply(answer))

    async def __call__(self, call: Call) -> Reply:
        try:
            return await asyncio.shield(self._answer)  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class Reader(Visit):
    """A visitor who sees a page come."""

    def __init__(self, path: str = "/", *headers: tuple[bytes, bytes], **told: Any) -> None:
        super().__init__(Handler(), path, headers=(HTML, *headers), **told)
        self._more = asyncio.Event()

    async def _send(self, message: dict[str, Any]) -> None:
        await super()._send(message)
        self._more.set()

    async def sees(self, words: str) -> str:
        """Wait until ``words`` have come; return all that has."""
        async with asyncio.timeout(5):
            while words.encode() not in self.answer:
                self._more.clear()
                await self._more.wait()
        return self.answer.decode()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Stage:
    """The sources of the home page, well; and time enough that nothing ends by its deadline."""
    bits._kept.clear()
    stage = Stage()
    monkeypatch.setattr(gateway.runtime, "build", lambda: stage)
    monkeypatch.setattr(gateway.web.streamed, "LATEST_SECONDS", 60.0)
    monkeypatch.setattr(views, "HOME", replace(HOME, budget_seconds=30.0))
    settings.PAGE_BUDGET_SECONDS = 30.0
    return stage


@asynccontextmanager
async def asking(reader: Reader) -> AsyncIterator[Reader]:
    """Ask while the block runs; then the visitor leaves, unless the page has ended."""
    running = asyncio.create_task(reader.asked())
    try:
        yield reader
    finally:
        reader.leave()
        await running


# ---- what comes, and when


async def test_a_page_that_is_there_at_once_is_whole(stage: Stage) -> None:
    reader = await Reader().asked()
    assert reader.header("Content-Length") == str(len(reader.answer))
    assert reader.header("ETag")
    assert boolean(reader.header("Gateway-Complete")) is True
    assert reader.header("Content-Security-Policy") == CONTENT_SECURITY_POLICY
    assert reader.header("Cache-Control").startswith("public")
    assert reader.header("Vary") == "Cookie"


async def test_what_is_there_comes_at_once_and_the_rest_when_it_is(stage: Stage) -> None:
    promo, recco = Held(), Held()
    stage.sources |= {"promo": promo, "recco": recco}
    async with asking(Reader("/", CHROMIUM)) as reader:
        head = await reader.sees("</main>")
        assert "Book 1" in head
        assert "offers are on their way" in head
        assert "Title 0" not in head
        recco.says(recommendations())
        assert "Headline 1" not in await reader.sees("Title 0")
        promo.says(promotions(banner(1)))
        page = await reader.sees("</html>")
    order = ["</main>", "Title 0", "Headline 1", "<footer", "page-status", "</html>"]
    assert [page.index(word) for word in order] == sorted(page.index(word) for word in order)
    assert reader.sent[-1] == {"type": "http.response.body"}


async def test_parts_that_settle_together_come_together(stage: Stage) -> None:
    promo, recco = Held(), Held()
    stage.sources |= {"promo": promo, "recco": recco}
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
        before = len(reader.sent)
        promo.says(promotions(banner(1)))
        recco.says(recommendations())
        await reader.sees("</html>")
    late = reader.sent[before]["body"].decode()
    assert late.count('<section class="late wrap"') == 2
    assert late.count("<script>") == 1


async def test_a_late_failure_shows_its_fallback(stage: Stage) -> None:
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
        recco.says(SourceRefused("recco"))
        page = await reader.sees("</html>")
    assert "Our recommendations are not here at the moment." in page
    assert "Missing from this page right now: recommendations." in page


async def test_recommendations_wait_until_it_is_known_who_asks(stage: Stage) -> None:
    """They tell what a member has bought, and the session may be no member's any more."""
    member = Held()
    stage.sources |= {"membership": member, "recco": FakeSource(recommendations("42"))}
    async with asking(Reader()) as reader:
        head = await reader.sees("</main>")
        assert "Title 0" not in head
        member.says(None)
        page = await reader.sees("</html>")
    assert "Title 0" in page
    assert "Readers of Jane Eyre" not in page


async def test_a_part_that_cannot_be_rendered_costs_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
        with monkeypatch.context() as patch:
            patch.setattr("gateway.web.bits.render_to_string", _broken_for_parts)
            recco.says(recommendations())
            page = await reader.sees("</html>")
    assert "We cannot show this part of the page at the moment." in page
    assert "the words of a bug" not in page


def _broken_for_parts(template: str, *told: Any) -> str:
    if "/_" in template:
        raise RuntimeError("the words of a bug")
    return render_to_string(template, *told)


# ---- what its headers say


async def test_the_headers_are_true_of_what_is_known(stage: Stage) -> None:
    stage.sources |= {"recco": Held(), "promo": FakeSource(raises=SourceTimeout("promo"))}
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
    status = listed(reader.header("Fragment-Status"))
    assert [(name, item.parameters["state"]) for name, item in status.items()] == [
        ("promo", "failed"),
        ("recco", "pending"),
        ("membership", "live"),
        ("arrivals", "live"),
    ]
    assert boolean(reader.header("Gateway-Complete")) is False
    assert reader.header("Cache-Control") == "no-store"
    assert reader.header("X-Accel-Buffering") == "no"
    assert reader.header("ETag") == reader.header("Content-Length") == ""
    assert reader.header("Vary") == "Accept, Cookie, User-Agent, Sec-CH-UA"
    assert list(timings(reader.header("Server-Timing"))) == [
        "promo",
        "membership",
        "arrivals",
        "page",
    ]


async def test_what_became_of_all_stands_at_the_end(stage: Stage) -> None:
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
        recco.says(Reply(recommendations(), State.STALE, 12, reason="timeout"))
        page = await reader.sees("</html>")
    told = re.search(r'<template id="page-status" data-gateway-complete="(.*?)" (.*?)>', page)
    assert told
    assert told[1] == "?0"
    status = listed(told[2].removeprefix('data-fragment-status="').removesuffix('"'))
    assert status["recco"].parameters == {"state": "stale", "age": 12, "reason": "timeout"}
    assert "Shown as it was earlier: recommendations." in page


async def test_the_policy_knows_the_one_script_and_no_other(stage: Stage) -> None:
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
        recco.says(recommendations())
        page = await reader.sees("</html>")
    [script] = set(re.findall(r"<script>(.*?)</script>", page, re.S))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = reader.header("Content-Security-Policy")
    assert policy.count("sha256-") == 1
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy
    assert policy.replace(f" 'sha256-{digest}'", "") == CONTENT_SECURITY_POLICY


# ---- who gets it whole


@pytest.mark.parametrize(
    "told",
    [
        {"method": "HEAD"},
        {"raw_query": b"buffered"},
        {"headers": ()},
        {"headers": ((b"accept", b"*/*"),)},
        {"headers": (HTML, (b"user-agent", b"Examplebot/1.0"))},
    ],
)
async def test_others_wait_for_the_whole_page(stage: Stage, told: dict[str, Any]) -> None:
    recco = stage.sources["recco"] = Held()
    visit = Visit(Handler(), "/", **({"headers": (HTML,)} | told))
    asked = asyncio.create_task(visit.asked())
    for _ in range(20):
        await asyncio.sleep(0)
    assert visit.sent == []
    recco.says(recommendations())
    await asked
    assert visit.header("Content-Length")
    assert visit.header("ETag")
    assert boolean(visit.header("Gateway-Complete")) is True


def progress(seconds: float, *pending: str) -> Progress:
    return Progress(Composition("page", {}, {}, seconds), pending)


def test_bits_do_not_pay_where_nothing_is_late_or_the_gateway_is() -> None:
    optional, primary = plan("a", "b"), plan(fragment("a", primary=True), "b")
    assert pays(optional, progress(0.016, "b"))
    assert not pays(optional, progress(0.002))
    assert not pays(optional, progress(LATEST_SECONDS, "b"))
    assert pays(primary, progress(0.2, "b"))


async def test_a_gateway_that_is_late_itself_sends_the_page_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.web.streamed, "LATEST_SECONDS", 0.0)
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        asyncio.get_running_loop().call_later(0.02, recco.says, recommendations())
        await reader.sees("</html>")
    assert reader.header("Content-Length")
    assert boolean(reader.header("Gateway-Complete")) is True


async def test_a_page_does_not_begin_without_what_no_part_waits_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a source that was put on the page, and may not come late yet."""
    arrivals = stage.sources["arrivals"] = Held()
    parts = tuple(part for part in views.HOME_LAYOUT.parts if part.name != "arrivals")
    monkeypatch.setattr(views, "HOME_LAYOUT", replace(views.HOME_LAYOUT, parts=parts))
    async with asking(Reader()) as reader:
        asyncio.get_running_loop().call_later(0.03, arrivals.says, ())
        await reader.sees("</html>")
    assert reader.header("Content-Length")
    assert "Nothing has come in lately" in reader.answer.decode()


# ---- who goes away


async def test_who_leaves_gives_up_what_still_runs(stage: Stage) -> None:
    told = Recorder()
    stage.emit = told
    recco = stage.sources["recco"] = Held()
    async with asking(Reader()) as reader:
        await reader.sees("</main>")
    await asyncio.sleep(0)
    assert recco.cancelled
    assert told.of(PageComposed) == []


async def test_who_leaves_while_he_reads_slowly_gives_up_what_still_runs(stage: Stage) -> None:
    recco = stage.sources["recco"] = Held()

    class Slow(Reader):
        async def _send(self, message: dict[str, Any]) -> None:
            await super()._send(message)
            if message.get("body"):
                await asyncio.get_running_loop().create_future()

    async with asking(Slow()) as reader:
        await reader.sees("</main>")
    await asyncio.sleep(0)
    assert recco.cancelled


# ---- the runtime


async def test_what_is_reported_at_the_end_is_reported_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log's context ends with the middleware, which is long before the page does."""
    told: list[tuple[Event, Any]] = []
    runtime = Runtime(emit=lambda event: told.append((event, get_contextvars().get("request_id"))))
    stage = Stage(emit=runtime.emit)
    monkeypatch.setattr(runtime, "source", stage.source)
    monkeypatch.setattr(gateway.runtime, "build", lambda: runtime)
    monkeypatch.setattr(gateway.web.streamed, "LATEST_SECONDS", 60.0)
    recco = stage.sources["recco"] = Held()
    async with asking(Reader("/", (b"x-request-id", b"named"))) as reader:
        await reader.sees("</main>")
        recco.says(recommendations())
        await reader.sees("</html>")
    assert [name for event, name in told if isinstance(event, PageComposed)] == ["named"]


# ---- patches


def test_a_part_has_a_name_that_cannot_break_out() -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        patches.placeholder('x">', "")


def test_a_browser_that_places_parts_itself_is_sent_templates() -> None:
    assert patches.Patches(native=True).bit({"a": "A", "b": "B"}) == (
        '<template for="a">A</template><template for="b">B</template>'
    )
    assert patches.Patches(native=False).bit({}) == ""
