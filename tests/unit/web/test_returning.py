"""Members who come again: who is remembered, for how long, and what ends it."""

from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from gateway.aggregation.compose import Composition, Fragment, Plan
from gateway.aggregation.source import Call, Reply, State
from gateway.web.ready import SESSION, Asked, asked_for
from gateway.web.returning import KEPT_SECONDS, MOST_VISITORS, Answer, Made, Returning
from tests.unit.engine.pages import Named

HERS = SESSION + b"hers"
PLAN = Plan("home", 0.8, (Fragment("membership", Named("membership")),))
ARGS = {"member_id": "7"}


class Clock:
    """Tells the time that it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Engine:
    """Composes the page that it is told, or none; remembers what it was asked."""

    def __init__(self) -> None:
        self.page: Composition | None = page()
        self.asked: list[tuple[Plan, Call]] = []

    def __call__(self, plan: Plan, call: Call) -> Composition | None:
        self.asked.append((plan, call))
        return self.page


def page(
    value: str = "Ada", state: State = State.FRESH, lifetime: float | None = 2.0, age: float = 1.0
) -> Composition:
    outcome = Reply(value, state, age, lifetime)
    return Composition("home", {"membership": outcome}, {"membership": 0.001}, 0.002)


def scope(path: str = "/", cookie: bytes = HERS, **changed: Any) -> dict[str, Any]:
    headers = [(b"host", b"shop.example"), (b"cookie", cookie), *changed.pop("headers", [])]
    asked = {"method": "GET", "path": path, "query_string": b"", "headers": headers}
    return asked | changed


def response(made: Composition | None = None, **changed: Any) -> Any:
    said = {"Cache-Control": "no-store", "X-Request-ID": "of-one", "Fragment-Status": "an old one"}
    answer: Any = HttpResponse(b"her page", headers=said, **changed)
    answer.made = Made(PLAN, ARGS, made or page())
    return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def returning(engine: Engine, clock: Clock) -> Returning:
    return Returning(engine, clock)


def answer_to(returning: Returning, **asked: Any) -> Answer | None:
    key = asked_for(scope(**asked))
    assert isinstance(key, Asked)
    return returning.answer(key, "a-name", "00-a-trace")


def test_she_gets_the_same_page_and_its_provenance_anew(
    returning: Returning, engine: Engine
) -> None:
    returning.offer(scope(), response())
    engine.page = page(age=2.0)
    answer = answer_to(returning)
    assert answer is not None
    assert answer.body == b"her page"
    assert b"cache-control: no-store\r\n" in answer.lines
    assert b"fragment-status: membership;state=fresh;age=2\r\n" in answer.lines
    assert b"gateway-complete: ?1\r\n" in answer.lines
    assert b"server-timing: membership;dur=1.0" in answer.lines
    assert answer.lines.lower().count(b"fragment-status") == 1
    assert b"of-one" not in answer.lines


def test_her_sources_are_asked_in_her_name(returning: Returning, engine: Engine) -> None:
    returning.offer(scope(), response())
    answer_to(returning)
    [(plan, call)] = engine.asked
    assert (plan, call.args) == (PLAN, ARGS)
    assert call.baggage == {"X-Request-ID": "a-name", "traceparent": "00-a-trace"}
    assert 0 < call.deadline.remaining() <= 0.8


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/books/"},
        {"cookie": SESSION + b"his"},
        {"cookie": HERS + b"; theme=dark"},
        {"headers": [(b"cookie", b"csrftoken=another")]},
        {"headers": [(b"x-forwarded-proto", b"https")]},
    ],
)
def test_nobody_else_gets_it_nor_she_elsewhere(returning: Returning, other: Any) -> None:
    returning.offer(scope(), response())
    assert answer_to(returning) is not None
    assert answer_to(returning, **other) is None


@pytest.mark.parametrize(
    "special",
    [
        {"method": "POST"},
        {"query_string": b"a=1"},
        {"headers": [(b"if-none-match", b'"1"')]},
        {"headers": [(b"host", b"elsewhere.example")]},
    ],
)
def test_whoever_wants_something_of_her_own_goes_the_long_way(special: Any) -> None:
    assert asked_for(scope(**special)) is None


@pytest.mark.parametrize("field", [(b"cache-control", b"max-age=0"), (b"pragma", b"no-cache")])
def test_reloading_is_no_reason_to_go_the_long_way(returning: Returning, field: Any) -> None:
    returning.offer(scope(), response())
    assert answer_to(returning, headers=[field]) is not None


def test_a_page_that_says_something_else_now_is_made_anew(
    returning: Returning, engine: Engine
) -> None:
    returning.offer(scope(), response())
    engine.page = page("Grace")
    assert answer_to(returning) is None
    engine.page = page("Ada")
    assert answer_to(returning) is None, "it should have been forgotten"


@pytest.mark.parametrize("found", [None, page(state=State.STALE)])
def test_what_is_not_at_hand_or_not_fresh_is_asked_for(
    returning: Returning, engine: Engine, found: Composition | None
) -> None:
    returning.offer(scope(), response())
    engine.page = found
    assert answer_to(returning) is None


def test_it_ends_with_the_shortest_lifetime(returning: Returning, clock: Clock) -> None:
    returning.offer(scope(), response(page(lifetime=2.0)))
    clock.now += 1.9
    assert answer_to(returning) is not None
    clock.now += 0.2
    assert answer_to(returning) is None


def test_it_ends_at_last_though_all_is_good_for_hours(returning: Returning, clock: Clock) -> None:
    returning.offer(scope(), response(page(lifetime=9000.0)))
    clock.now += KEPT_SECONDS - 0.1
    assert answer_to(returning) is not None
    clock.now += 0.2
    assert answer_to(returning) is None


def public() -> Any:
    answer = response()
    answer.headers["Cache-Control"] = "public, max-age=29"
    return answer


def with_cookie() -> Any:
    answer = response()
    answer.set_cookie("csrftoken", "new")
    return answer


def streamed() -> Any:
    answer: Any = StreamingHttpResponse([b"her page"])
    answer.made = Made(PLAN, ARGS, page())
    return answer


def of_more_than_its_plan() -> Any:
    answer = response()
    del answer.made
    return answer


@pytest.mark.parametrize(
    "answer",
    [
        response(status=503),
        response(page(state=State.STALE)),
        response(page(lifetime=None)),
        response(page(lifetime=0.0)),
        public(),
        with_cookie(),
        streamed(),
        of_more_than_its_plan(),
    ],
)
def test_what_may_differ_next_time_is_not_remembered(returning: Returning, answer: Any) -> None:
    returning.offer(scope(), answer)
    assert answer_to(returning) is None
    assert not returning.has("/")


def test_no_stranger_is_remembered(returning: Returning) -> None:
    returning.offer(scope(cookie=b"csrftoken=1"), response())
    assert not returning.has("/")


def test_no_more_are_remembered_than_may_be(returning: Returning) -> None:
    for number in range(MOST_VISITORS + 1):
        returning.offer(scope(cookie=HERS + b"%d" % number), response())
    assert answer_to(returning, cookie=HERS + b"0") is None
    assert answer_to(returning, cookie=HERS + b"%d" % MOST_VISITORS) is not None
