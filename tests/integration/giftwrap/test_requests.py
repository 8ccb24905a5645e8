"""Gift wrapping over real sockets: what begins a job, who sees it, and its stream."""

import threading
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.live import Shop
from tests.plain import NO_TLS


@pytest.fixture(autouse=True)
def _empty_table(shop: Shop) -> Iterator[None]:
    yield
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM giftwrap_job")


def visitor(shop: Shop) -> httpx.Client:
    """A visitor who keeps cookies."""
    return httpx.Client(base_url=shop.url, timeout=10.0, trust_env=False, verify=NO_TLS)


def jobs(shop: Shop) -> int:
    """How many jobs there are."""
    with psycopg.connect(shop.environment["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM giftwrap_job").fetchone()
    assert row
    return int(row[0])


def test_a_request_answers_at_once_with_the_sentence_and_the_address(shop: Shop) -> None:
    before = jobs(shop)
    with visitor(shop) as client:
        answer = client.get("/giftwrap/", params={"items": "a,b,c", "ribbon": "red"})
        assert answer.status_code == 202
        assert "Wrapping a, b, and c" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        page = client.get(answer.headers["Content-Location"])
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        again = client.get("/giftwrap/", params={"items": "a,b,c", "ribbon": "red"})
    assert again.headers["Content-Location"] == answer.headers["Content-Location"]
    assert jobs(shop) == before + 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_only_a_visit_begins_a_job(shop: Shop, headers: dict[str, str]) -> None:
    with visitor(shop) as client:
        assert client.get("/giftwrap/?items=a", headers=headers).status_code == 204
        assert client.head("/giftwrap/?items=a").status_code == 204
        assert client.post("/giftwrap/", data={"items": "a"}).status_code == 405
    assert jobs(shop) == 0


def test_a_fourth_job_is_refused_in_words(shop: Shop) -> None:
    with visitor(shop) as client:
        for name in "abc":
            assert client.get(f"/giftwrap/?items={name}").status_code == 202
        answer = client.get("/giftwrap/?items=d")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "5"
        assert "3 parcels on the table" in answer.text
        assert client.get("/giftwrap/?items=a").status_code == 202


def test_what_is_not_there_is_404_and_what_is_no_ribbon_400(shop: Shop) -> None:
    nothing = "/giftwrap/00000000-0000-4000-8000-000000000000/"
    with visitor(shop) as client:
        assert client.get(nothing).status_code == 404
        assert client.get(nothing + "events").status_code == 404
        assert client.get("/giftwrap/?ribbon=<script>").status_code == 400
    assert jobs(shop) == 0


def test_a_stream_tells_the_stages_on_every_gateway_and_ends(shop: Shop) -> None:
    def finish() -> None:
        with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("UPDATE giftwrap_job SET stage = 6, finished_at = now()")

    with visitor(shop) as client, shop.another_gateway() as other:
        at = client.get("/giftwrap/?items=a").headers["Content-Location"] + "events"
        with httpx.stream(
            "GET", other.url + at, timeout=10.0, trust_env=False, verify=NO_TLS
        ) as told:
            assert told.headers["Content-Type"].startswith("text/event-stream")
            assert told.headers["X-Accel-Buffering"] == "no"
            threading.Timer(0.5, finish).start()
            lines = list(told.iter_lines())
        assert [line for line in lines if line.startswith("id")] == [f"id: {n}" for n in range(7)]
        after = client.get(at, headers={"Last-Event-ID": "4"})
        assert [line for line in after.text.splitlines() if "id:" in line] == ["id: 5", "id: 6"]
        assert client.get(at, headers={"Last-Event-ID": "6"}).status_code == 204


def test_an_open_stream_does_not_keep_a_gateway_from_ending(shop: Shop) -> None:
    with visitor(shop) as client, shop.another_gateway() as other:
        at = client.get("/giftwrap/?items=a").headers["Content-Location"] + "events"
        with httpx.stream(
            "GET", other.url + at, timeout=10.0, trust_env=False, verify=NO_TLS
        ) as told:
            lines = told.iter_lines()
            assert next(lines) == "retry: 2000"
            other.signal(15)
            assert list(lines)
        assert other.wait(8) == 0
