"""The counter: whose trace is collected is answered step by step, as far as anybody knows."""

import pytest
from django.http import HttpResponse

from gateway.aggregation.compose import Composition, Fragment, Plan
from gateway.aggregation.source import Call, Reply, State
from gateway.server import counter as counter_module
from gateway.server.counter import Counter
from gateway.web.ready import SESSION, Shelf
from gateway.web.returning import Made, Returning
from tests.unit.engine.pages import Named

PLAN = Plan("home", 0.8, (Fragment("membership", Named("membership")),))
PAGE = Composition(
    "home", {"membership": Reply("Ada", State.FRESH, 1.0, 5.0)}, {"membership": 0.0}, 0.0
)
HERS = SESSION + b"hers"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def compose(plan: Plan, call: Call) -> Composition:
    return PAGE


@pytest.fixture
def counter() -> Counter:
    returning = Returning(compose)
    answer = HttpResponse(b"her page", headers={"Cache-Control": "no-store"})
    answer.made = Made(PLAN, {}, PAGE)  # type: ignore[attr-defined]
    headers = [(b"host", b"shop.example"), (b"cookie", HERS)]
    asked = {"method": "GET", "path": "/", "query_string": b"", "headers": headers}
    returning.offer(asked, answer)
    return Counter(Shelf(), returning)


def request(*fields: bytes) -> bytes:
    head = [b"GET / HTTP/1.1", b"Host: shop.example", b"Cookie: " + HERS, *fields]
    return b"\r\n".join(head) + b"\r\n\r\n"


def is_answered(counter: Counter, *fields: bytes) -> bool:
    return isinstance(counter.answer_to(request(*fields), last=False), tuple)


def test_she_is_answered_where_nothing_is_traced(counter: Counter) -> None:
    assert is_answered(counter)
    assert is_answered(counter, b"traceparent: 00-%b-b7ad6b7169203331-01" % TRACE.encode())


class Sampler:
    """Collects what is asked for by whoever is asked, and one trace."""

    def samples(self, trace: str, parent: str, *, parent_sampled: bool) -> bool:
        return parent_sampled or trace == TRACE


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter_module, "tracing", Sampler)
    monkeypatch.setattr("gateway.web.facts.tracing", Sampler)


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("field", "here"),
    [
        (b"X-Request-ID: " + TRACE.encode(), False),
        (b"traceparent: 00-%b-b7ad6b7169203331-01" % (b"1" * 32), False),
        (b"X-Request-ID: " + b"2" * 32, True),
    ],
)
def test_a_trace_that_is_collected_goes_the_long_way(
    counter: Counter, field: bytes, here: bool
) -> None:
    assert is_answered(counter, field) is here


@pytest.mark.usefixtures("traced")
def test_so_does_a_request_whose_trace_is_drawn_there(counter: Counter) -> None:
    assert not is_answered(counter)
