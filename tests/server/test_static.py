"""Static files, as the gateway gives them where no edge stands before it."""

import re

import httpx
import pytest

from tests.live import Shop
from tests.plain import NO_TLS
from tests.server.wire import Connection


@pytest.fixture(scope="module")
def stylesheet(shop: Shop) -> str:
    """The path of a stylesheet that the home page names."""
    found = re.search(
        r'href="(/static/[^"]+\.css)"', httpx.get(shop.url, trust_env=False, verify=NO_TLS).text
    )
    assert found
    return found[1]


async def test_a_file_is_kept_for_good_and_protected(shop: Shop, stylesheet: str) -> None:
    async with Connection(shop.url) as connection:
        answer = await connection.get(stylesheet)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_file_can_only_be_read(shop: Shop, stylesheet: str, method: str) -> None:
    async with Connection(shop.url) as connection:
        assert (await connection.get(stylesheet, method)).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../manage.py",
        "/static/..%2f..%2fmanage.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/",
        "/static/staticfiles.json/x",
        "/static/no-such.css",
        "/static/..\\manage.py",
    ],
)
async def test_nothing_else_is_a_file(shop: Shop, path: str) -> None:
    async with Connection(shop.url) as connection:
        answer = await connection.get(path)
    assert answer.status == 404
    assert b"root:" not in answer.body
    assert b"import" not in answer.body
