"""Server-Timing on every answer of the whole gateway, and a request's name with it."""

from pathlib import Path
from typing import Any

import pytest

from gateway.web.static import with_static_files
from tests.integration.conftest import visitor
from tests.unit.web.fields import timings

ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/api/home", 200),
    ("GET", "/books/", 200),
    ("HEAD", "/authors/", 200),
    ("GET", "/livez", 200),
    ("GET", "/metrics", 200),
    ("GET", "/signin/", 200),
    ("GET", "/admin/login/", 302),
    ("GET", "/authors", 301),
    ("GET", "/admin/", 302),
    ("GET", "/%00", 400),
    ("POST", "/signin/", 403),
    ("GET", "/nowhere", 404),
    ("GET", "/books/?page=x", 404),
    ("POST", "/", 405),
    ("GET", "/static/thing.0123456789ab.css", 200),
    ("POST", "/static/thing.0123456789ab.css", 405),
    ("GET", "/static/nothing.css", 404),
]


@pytest.fixture
def front(gateway_app: Any, settings: Any, tmp_path: Path) -> Any:
    """The gateway behind its static files."""
    (tmp_path / "thing.0123456789ab.css").write_text("p { color: red }")
    settings.STATIC_ROOT = str(tmp_path)
    return with_static_files(gateway_app)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_says_how_long_it_took(
    front: Any, method: str, path: str, status: int
) -> None:
    async with visitor(front) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert len(response.headers.get_list("Server-Timing")) == 1
    assert float(timings(response.headers["Server-Timing"])["page"].parameters["dur"]) >= 0
