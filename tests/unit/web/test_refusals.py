"""Wrong methods, and pages that cannot be shown."""

import json

import pytest

from gateway.web.handler import Handler
from tests.unit.web.asking import Visit
from tests.unit.web.fields import boolean, listed


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
)
async def test_a_wrong_method_is_told_the_right_ones(handler: Handler, method: str) -> None:
    """Before anybody asks for the token of a form: there is nothing that it could protect."""
    visit = await Visit(handler, "/waits", method).asked()
    assert visit.status == 405
    assert visit.header("Allow") == "GET, HEAD"


async def test_a_page_without_its_primary_fragment_is_a_503(handler: Handler) -> None:
    visit = await Visit(handler, "/shelf").asked()
    assert visit.status == 503
    assert b"This shelf is out of reach right now" in visit.answer
    assert visit.header("Content-Type").startswith("text/html")


async def test_its_json_is_a_503_too(handler: Handler) -> None:
    visit = await Visit(handler, "/api/shelf").asked()
    page = json.loads(visit.answer)
    assert visit.status == 503
    assert visit.header("Content-Type") == "application/json"
    assert page["complete"] is False
    failed = page["fragments"]["shelf"]
    assert failed == {"state": "failed", "age": None, "value": None, "reason": "refused"}


@pytest.mark.parametrize("path", ["/shelf", "/api/shelf"])
async def test_it_says_what_is_missing_and_when_to_come_back(handler: Handler, path: str) -> None:
    visit = await Visit(handler, path).asked()
    assert int(visit.header("Retry-After")) > 0
    assert boolean(visit.header("Gateway-Complete")) is False
    status = listed(visit.header("Fragment-Status"))
    assert status["shelf"].parameters == {"state": "failed", "reason": "refused"}
    assert visit.header("Cache-Control") == "no-store"
