"""Which requests are traced, and what becomes of their records: spans, or nothing at all."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.aggregation.errors import BadPayload
from gateway.aggregation.events import CacheMissed, SourceFailed
from gateway.aggregation.record import Record, current_step, note, step
from gateway.telemetry import traces
from gateway.telemetry.spans import SpanMaker
from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web import facts, recording
from gateway.web.handler import Handler, native
from tests.fakes import VirtualClock
from tests.unit.web.asking import Visit

__all__ = ["handler400", "handler403", "handler404", "handler500"]

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@native
async def view(request: HttpRequest, secret: str) -> HttpResponse:
    return HttpResponse(b"recorded" if current_step() else b"not recorded")


urlpatterns = [path("seen/<str:secret>/", view)]


@pytest.fixture
def handler(settings: Any) -> Handler:
    """The gateway's handler in front of this view."""
    settings.ROOT_URLCONF = __name__
    return Handler()


@pytest.fixture
def exported() -> InMemorySpanExporter:
    """What was exported."""
    return InMemorySpanExporter()


@pytest.fixture
def sampler() -> str:
    """The sampler; a test may name another one."""
    return "parentbased_always_on"


@pytest.fixture
def traced(
    sampler: str, exported: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Traces, as ``sampler`` decides."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    processor = SimpleSpanProcessor(exported)
    ours = traces.Tracing(SpanMaker("gateway", processor))
    for room in (facts, recording):
        monkeypatch.setattr(room, "tracing", lambda: ours)
    yield
    processor.shutdown()


def parented(flags: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"traceparent", f"00-{TRACE}-{SPAN}-{flags}".encode()),)


@pytest.mark.usefixtures("traced")
async def test_a_request_is_a_span_of_its_route_and_not_of_its_path(
    handler: Handler, exported: InMemorySpanExporter
) -> None:
    visit = await Visit(handler, "/seen/a-secret/").asked()
    await asyncio.sleep(0)  # spans are made after the page
    root, queue = sorted(exported.get_finished_spans(), key=lambda span: span.name)
    assert visit.answer == b"recorded"
    assert (root.name, queue.name) == ("GET /seen/<str:secret>/", "queue door")
    assert root.parent is None
    assert root.context
    assert f"{root.context.trace_id:032x}" == visit.header("X-Request-ID")
    assert "a-secret" not in root.to_json() + queue.to_json()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("flags", "count"), [("01", 2), ("00", 0)])
async def test_by_default_whoever_asks_decides(
    handler: Handler, exported: InMemorySpanExporter, flags: str, count: int
) -> None:
    visit = await Visit(handler, "/seen/x/", headers=parented(flags)).asked()
    await asyncio.sleep(0)
    assert len(exported.get_finished_spans()) == count
    assert visit.answer == (b"recorded" if count else b"not recorded")


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("sampler", ["always_off", "parentbased_always_off"])
async def test_where_the_sampler_says_no_nothing_is_recorded(
    handler: Handler, exported: InMemorySpanExporter
) -> None:
    visit = await Visit(handler, "/seen/x/").asked()
    assert visit.answer == b"not recorded"
    assert exported.get_finished_spans() == ()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("sampler", ["always_off"])
async def test_a_sampler_of_its_own_mind_does_not_ask_the_caller(handler: Handler) -> None:
    visit = await Visit(handler, "/seen/x/", headers=parented("01")).asked()
    assert visit.answer == b"not recorded"


async def test_without_an_endpoint_nothing_is_recorded_and_no_library_is_asked(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in traces.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert not traces.is_wanted()
    assert traces.tracing() is None
    visit = await Visit(handler, "/seen/x/", headers=parented("01")).asked()
    assert visit.answer == b"not recorded"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_an_endpoint_is_what_switches_it_on(
    given: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*traces.ENDPOINTS, "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert traces.is_wanted() is wanted


def test_a_span_tells_what_an_event_says_and_never_what_an_error_says(
    exported: InMemorySpanExporter, clock: VirtualClock
) -> None:
    record = Record(TRACE, True, 0.0, clock.time)
    with record.begin("request", "GET", None), step("fragment", "promo"):
        note(CacheMissed("promo"))
        note(SourceFailed("promo", "payload", 0.1, BadPayload("promo", "a secret")))
    record.close()
    SpanMaker("gateway", SimpleSpanProcessor(exported)).make(record)
    (fragment,) = (s for s in exported.get_finished_spans() if s.name == "fragment promo")
    assert [event.name for event in fragment.events] == ["CacheMissed", "SourceFailed"]
    assert dict(fragment.events[1].attributes or {}) == {
        "source": "promo",
        "reason": "payload",
        "seconds": 0.1,
    }
    assert "a secret" not in fragment.to_json()


def test_a_fault_of_ours_in_making_spans_breaks_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = SpanMaker("gateway", SimpleSpanProcessor(InMemorySpanExporter()))

    def broken(record: Record) -> None:
        raise ValueError("our own fault")

    monkeypatch.setattr(spans, "make", broken)
    traces.Tracing(spans).send(Record(TRACE, True, 0.0))
