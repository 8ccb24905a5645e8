"""What the edge keeps, for whom, and what it never keeps."""

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.compose.docker import Stack, docker
from tests.compose.lone_edge import LoneEdge, lone_edge

pytestmark = pytest.mark.compose

AT_ONCE = 20
KEPT_IN = "/tmp/pages"  # noqa: S108 - inside the container
SESSION = {"Cookie": "sessionid=personal-canary"}


@pytest.fixture(scope="module")
def edge(images: Stack) -> Iterator[LoneEdge]:
    with lone_edge() as edge:
        yield edge


def test_a_page_that_all_strangers_share_is_asked_for_once(edge: LoneEdge) -> None:
    before = edge.echoed()
    first, second = (edge.visitor.get("/books/?page=2") for _ in range(2))
    assert first.body == second.body
    assert edge.echoed() == before + 1


def test_a_kept_page_says_nothing_of_the_request_that_it_was_made_for(edge: LoneEdge) -> None:
    answers = [edge.visitor.get("/books/?page=3", X_Request_ID=name) for name in ("one", "two")]
    assert [answer.headers["x-request-id"] for answer in answers] == ["one", "two"]
    assert answers[1].headers["server-timing"] == 'edge;desc="HIT"'


def test_many_who_come_at_once_are_one_request(edge: LoneEdge) -> None:
    before = edge.echoed()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(edge.visitor.get, ["/books/?slow"] * AT_ONCE))
    assert {answer.status for answer in answers} == {200}
    assert edge.echoed() == before + 1


def test_nobody_waits_for_a_page_that_is_kept_nowhere(edge: LoneEdge) -> None:
    """As a page is that comes bit by bit: one after another they would take their times' sum."""
    before, began = edge.echoed(), time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(edge.visitor.get, ["/?slow"] * AT_ONCE))
    assert time.monotonic() - began < 2.5
    assert {answer.status for answer in answers} == {200}
    assert edge.echoed() == before + AT_ONCE


def test_a_member_is_never_answered_from_what_is_kept(edge: LoneEdge) -> None:
    edge.visitor.get("/books/?page=4")
    told = edge.visitor.send("GET", "/books/?page=4", headers=SESSION).json()
    assert dict(told["headers"])["Cookie"] == SESSION["Cookie"]


def test_a_drawing_is_kept_for_members_too_and_nobodys_cookies_reach_it(edge: LoneEdge) -> None:
    before, path = edge.echoed(), f"/art/cover.svg?{secrets.token_hex(4)}/War+and+Peace"
    told = edge.visitor.send("GET", path, headers=SESSION).json()
    assert "Cookie" not in dict(told["headers"])
    edge.visitor.get(path)
    edge.visitor.send("GET", path, headers=SESSION)
    assert edge.echoed() == before + 1


def test_no_personal_byte_lies_in_the_cache(edge: LoneEdge) -> None:
    """Even of a gateway that says of a member's page that everybody may keep it."""
    path = f"/books/?page={secrets.token_hex(4)}"
    edge.visitor.send("GET", path, headers=SESSION)
    told = edge.visitor.send("GET", path, headers={"Cookie": "guest=personal-canary"}).json()
    assert "Cookie" not in dict(told["headers"]), "a stranger's cookies change no shared page"
    edge.visitor.send("GET", "/kept-nowhere", headers={"Cookie": "guest=personal-canary"})
    assert path.encode() in kept(edge), "nothing is kept at all"
    assert b"personal-canary" not in kept(edge)


@pytest.mark.parametrize(
    "path",
    [
        *("/kept-nowhere", "/books/x", "/books/index.css", "/books/;.js", "/books/%2e%2e/books/x"),
        *("/art/", "/art/other.svg", "/art/cover.svgx", "/art/x/cover.svg"),
        *("/books/%00", "/books", "/manuscripts/", "/ws/books/"),
    ],
)
def test_any_other_page_is_kept_nowhere(edge: LoneEdge, path: str) -> None:
    before = edge.echoed()
    first, second = edge.visitor.get(path), edge.visitor.get(path)
    assert first.status == second.status
    assert edge.echoed() - before in (0, 2)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_changes_something_is_always_passed_on(edge: LoneEdge, method: str) -> None:
    before = edge.echoed()
    for _ in range(2):
        edge.visitor.send(method, "/books/?page=5", headers={})
    assert edge.echoed() == before + 2


def kept(edge: LoneEdge) -> bytes:
    """Return all that the edge keeps, in one."""
    everything = ("find", KEPT_IN, "-type", "f", "-exec", "cat", "{}", "+")
    return docker("exec", edge.edge, *everything).encode()
