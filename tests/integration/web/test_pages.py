"""The pages: what they answer, to what they should be asked and to what they should not."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.conftest import visitor
from tests.unit.web.asking import Visit

PAGES = ["/", "/api/home", "/books/", "/authors/"]
HEALTH = ["/livez", "/readyz", "/metrics"]
CANARY = "zq1xcanary"


async def test_the_json_has_state_age_and_value_of_each_fragment(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get("/api/home")
    page = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert set(page) == {"complete", "fragments"}
    for fragment in page["fragments"].values():
        assert set(fragment) == {"state", "age", "value"}
        assert fragment["state"] == "live"
        assert fragment["age"] >= 0


async def test_the_json_tells_nothing_that_proves_a_session(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        text = (await client.get("/api/home")).text
    assert "password" not in text
    assert "session" not in text


@pytest.mark.parametrize("path", [*PAGES, *HEALTH])
async def test_a_head_is_answered_like_a_get(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        got, head = await client.get(path), await client.head(path)
    assert head.status_code == got.status_code
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", [*PAGES, *HEALTH])
async def test_all_other_methods_get_405(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
            response = await client.request(method, path)
            assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD"), method


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/books/x",
        "/api/",
        "/api/home/",
        "/home",
        "/livez/",
        "/index.css;.js",
        "/books/index.css",
        "/api/home.css",
        "/%0d%0aSet-Cookie:%20a=b",
        "/..%2f..%2fetc/passwd",
        "/static/../manage.py",
        "/" + "x" * 8000,
    ],
)
async def test_an_unknown_path_gets_our_404(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get(path)
    assert response.status_code == 404
    assert "This page is not on any shelf" in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/%00", "/books/%00", "/signin/%00", "/admin/%00/", "/x%00.js"])
async def test_a_path_with_a_nul_makes_no_sense(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get(path)
    assert response.status_code == 400
    assert "We could not read that" in response.text
    assert "\0" not in response.text


@pytest.mark.parametrize(
    "given",
    [
        "0",
        "-1",
        "x",
        "1.0",
        "1e3",
        "",
        "%00",
        "99999999999999999999",
        "10001",
        "١",
        "1;2",
        "%2b1",
        "+1",
        "' OR 1=1",
        "<script>",
        "1%0d%0a",
    ],
)
@pytest.mark.parametrize("path", ["/books/", "/authors/"])
async def test_a_page_that_is_no_number_is_not_there(
    gateway_app: Any, path: str, given: str
) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get(f"{path}?page={given}")
    assert response.status_code == 404
    assert "This page is not on any shelf" in response.text


@pytest.mark.parametrize(
    "given", [f"{CANARY}<b>", f"{CANARY}'", "%00", "ä", "x" * 81, "a b", "a/b"]
)
@pytest.mark.parametrize("name", ["tag", "author"])
async def test_a_shelf_that_can_have_no_such_name_is_not_there(
    gateway_app: Any, name: str, given: str
) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get(f"/books/?{name}={given}")
    assert response.status_code == 404
    assert CANARY not in response.text


@pytest.mark.parametrize("query", ["page=10000", "tag=no-such", "author=no-such", "tag=a&author=b"])
async def test_a_shelf_with_nothing_on_it_is_a_page(gateway_app: Any, query: str) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get(f"/books/?{query}")
    assert response.status_code in (200, 404)
    assert "<h1>" in response.text


async def test_a_tag_narrows_the_shelf(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        everything = (await client.get("/books/")).text
        narrowed = (await client.get("/books/?tag=winter")).text
    counts = [
        int(found[1])
        for found in (re.search(r"(\d+) books?<", text) for text in (everything, narrowed))
        if found
    ]
    assert len(counts) == 2
    assert 0 < counts[1] < counts[0]


async def test_pages_of_books_do_not_overlap(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        first, second = [
            set(re.findall(r"<h2>(.*?)</h2>", (await client.get(f"/books/?page={page}")).text))
            for page in (1, 2)
        ]
    assert first
    assert second
    assert not first & second


async def test_what_a_query_says_beside_is_never_shown(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        for path in PAGES:
            response = await client.get(f"{path}?utm={CANARY}&{CANARY}=1")
            assert response.status_code == 200
            assert CANARY not in response.text


@pytest.mark.parametrize("path", [*PAGES, *HEALTH])
async def test_no_page_that_promises_it_uses_a_thread(
    gateway_app: Any, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Connecting may: the system resolves names in a thread. So the connections are made before.
    await Visit(gateway_app, path).asked()

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"a thread for {args}")

    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", refuse)
        visit = await Visit(gateway_app, path).asked()
    assert visit.status == 200


@pytest.mark.parametrize("path", HEALTH)
async def test_probes_may_name_a_replica_by_its_address(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app, Host="10.1.2.3:8000") as client:
        answers = [await client.get(path), await client.get("/")]
    assert answers[0].status_code in (200, 503)  # ready or not: it is an answer
    assert answers[1].status_code == 400
