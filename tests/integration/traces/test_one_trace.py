"""A page is one trace: from the gateway to both services and to SQL, with the page's own times."""

import secrets

import httpx
import pytest

from deploy.local.process import wait_until
from tests.integration.members.asking import sign_in, visitor
from tests.integration.traces.collector import PATIENCE_SECONDS, Collector, Span
from tests.integration.traces.conftest import gateway_of
from tests.live import Server, Shop
from tests.unit.web.fields import timings

INTERNAL, SERVER, CLIENT = 1, 2, 3
PAGE = ("request", "queue", "plan", "fragment promo", "fragment recco", "fragment membership")
PAGE += ("fragment arrivals", "promo call", "recco call", "query", "template", "promo", "recco")


def look(gateway: Server, path: str = "/", **headers: str) -> httpx.Response:
    """A stranger's look at a page."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx.get(gateway.url + path, headers=named, timeout=10.0, trust_env=False)
    assert answer.status_code == 200
    return answer


def warm(gateway: Server) -> None:
    """Look until Postgres is connected: a first page may be without what comes from there."""

    def all_there() -> bool:
        return "arrivals;state=live" in look(gateway).headers["Fragment-Status"]

    assert wait_until(all_there, PATIENCE_SECONDS)


def by_name(spans: list[Span]) -> dict[str, Span]:
    """The spans of a page, none of which is there twice."""
    found = {span.name if span.service == "gateway" else span.service: span for span in spans}
    assert len(found) == len(spans), sorted(span.name for span in spans)
    return found


@pytest.fixture
def page(traced: Server, collector: Collector) -> tuple[httpx.Response, dict[str, Span]]:
    """A home page, and its trace."""
    warm(traced)
    answer = look(traced)
    return answer, by_name(collector.whole(answer.headers["X-Request-ID"], len(PAGE)))


def test_a_page_is_one_trace_with_the_right_parents(
    page: tuple[httpx.Response, dict[str, Span]],
) -> None:
    spans = page[1]
    parents = {name: by_id(spans, span.parent_id) for name, span in spans.items()}
    assert parents == {
        "GET /": "",
        "queue door": "GET /",
        "plan home": "GET /",
        "fragment promo": "plan home",
        "fragment recco": "plan home",
        "fragment membership": "plan home",
        "fragment arrivals": "plan home",
        "GET promo": "fragment promo",
        "GET recco": "fragment recco",
        "sql arrivals": "fragment arrivals",
        "render storefront/home.html": "GET /",
        "promo_service": "GET promo",
        "recco_service": "GET recco",
    }


def by_id(spans: dict[str, Span], span_id: str) -> str:
    """The name of the span with that id; empty where there is none."""
    return next((name for name, span in spans.items() if span.id == span_id), span_id)


def test_times_are_those_of_server_timing(page: tuple[httpx.Response, dict[str, Span]]) -> None:
    answer, spans = page
    told = timings(answer.headers["Server-Timing"])
    names = {f"fragment {name}": name for name in ("promo", "recco", "membership", "arrivals")}
    for span_name, name in {**names, "plan home": "page"}.items():
        milliseconds = spans[span_name].seconds * 1000
        assert milliseconds == pytest.approx(float(told[name].parameters["dur"]), abs=2.0), name
    for span in spans.values():
        within = next((each for each in spans.values() if each.id == span.parent_id), None)
        if within is not None and span.service == "gateway":
            assert within.began - 0.001 <= span.began <= span.ended <= within.ended + 0.001


def test_spans_say_what_was_done(page: tuple[httpx.Response, dict[str, Span]]) -> None:
    answer, spans = page
    root, query, call = spans["GET /"], spans["sql arrivals"], spans["GET promo"]
    assert (root.kind, call.kind, query.kind) == (SERVER, CLIENT, CLIENT)
    assert (spans["promo_service"].name, spans["promo_service"].kind) == (
        "GET /v1/promotions",
        SERVER,
    )
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["http.route"] == "/"
    assert root.attributes["request.id"] == answer.headers["X-Request-ID"]
    assert spans["promo_service"].attributes["request.id"] == answer.headers["X-Request-ID"]
    assert spans["fragment promo"].attributes["fragment.state"] == "live"
    assert query.attributes["db.query.text"].startswith("SELECT")
    assert "%s" in query.attributes["db.query.text"]
    assert [name for name, _ in call.events] == ["connected", "first-byte", "body", "decoded"]
    assert not any(span.is_error for span in spans.values())


def test_a_members_id_is_in_no_span(traced: Server, collector: Collector, shop: Shop) -> None:
    """It is asked of Postgres and of a service, both with it among the arguments."""
    with visitor(traced.url) as client:
        sign_in(client)
        answer = client.get("/")
    spans = collector.whole(answer.headers["X-Request-ID"], len(PAGE) + 1)
    assert by_name(spans)["sql membership"].attributes["db.query.text"].count("%s") >= 1
    assert all("member_id=" not in str(value) for s in spans for value in s.attributes.values())


def test_what_django_itself_asks_of_postgres_is_there_too(
    traced: Server, collector: Collector
) -> None:
    with visitor(traced.url) as client:
        answer = sign_in(client)
    spans = collector.whole(answer.headers["X-Request-ID"], 3)
    (root,) = (span for span in spans if span.name == "POST /signin/")
    asked = [span for span in spans if span.name == "sql django"]
    assert asked
    assert {span.parent_id for span in asked} == {root.id}
    assert all(span.attributes["db.query.text"] for span in asked)
    assert not any("ada@example.com" in str(span.attributes) for span in spans)


def test_a_visitors_trace_is_continued(traced: Server, collector: Collector) -> None:
    trace, parent = secrets.token_hex(16), secrets.token_hex(8)
    look(traced, traceparent=f"00-{trace}-{parent}-01")
    spans = by_name(collector.whole(trace, len(PAGE)))
    assert spans["GET /"].parent_id == parent


def test_who_is_not_sampled_is_not_traced_anywhere(traced: Server, collector: Collector) -> None:
    trace, later = secrets.token_hex(16), secrets.token_hex(16)
    look(traced, traceparent=f"00-{trace}-{secrets.token_hex(8)}-00")
    look(traced, traceparent=f"00-{later}-{secrets.token_hex(8)}-01")
    collector.whole(later, len(PAGE))
    assert collector.trace(trace) == []


def test_a_sampler_that_says_no_stops_all_of_it(
    shop: Shop, collector: Collector, traced_services: dict[str, str], traced: Server
) -> None:
    with gateway_of(
        shop, collector, OTEL_TRACES_SAMPLER="always_off", **traced_services
    ) as gateway:
        quiet = look(gateway).headers["X-Request-ID"]
    heard = look(traced).headers["X-Request-ID"]
    collector.whole(heard, len(PAGE))
    assert collector.trace(quiet) == []


def test_what_fails_is_an_error_with_its_reason(
    shop: Shop, collector: Collector, traced_services: dict[str, str]
) -> None:
    refused = {**traced_services, "PROMO_SERVICE_URL": "http://127.0.0.1:1"}
    with gateway_of(shop, collector, **refused) as gateway:
        warm(gateway)
        trace = look(gateway).headers["X-Request-ID"]
        spans = collector.whole(trace, len(PAGE) - 1)
        calls = [span for span in spans if span.name == "GET promo"]
        fragment = next(span for span in spans if span.name == "fragment promo")
    assert calls
    assert all(call.is_error for call in calls)
    assert {call.attributes["error.type"] for call in calls} == {"refused"}
    assert fragment.attributes["fragment.state"] == "fallback"
    assert ("FallbackServed", {"source": "promo", "reason": "refused"}) in fragment.events
