"""What the edge lets through, and what it answers itself."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.compose.docker import Stack, docker
from tests.compose.lone_edge import VISITOR_ADDRESS, LoneEdge, lone_edge

pytestmark = pytest.mark.compose

MEBIBYTE = 1 << 20
HOST = b"Host: shop.example\r\n"


@pytest.fixture(scope="module")
def edge(images: Stack) -> Iterator[LoneEdge]:
    with lone_edge() as edge:
        yield edge


def test_what_strangers_claim_does_not_arrive(edge: LoneEdge) -> None:
    claims = [
        *("Daphne-Root-Path", "Forwarded", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL"),
        *("X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Ssl"),
        *("X-Forwarded-Scheme", "X-Script-Name", "Proxy", "Upgrade", "X_Forwarded_For"),
        *("SCRIPT_NAME", "Daphne_Root_Path"),
    ]
    known = {
        "X-Forwarded-For": VISITOR_ADDRESS,
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "shop.example",
    }
    strange = dict.fromkeys([*claims, *known], "strange") | {"Host": "shop.example"}
    told = edge.visitor.send("GET", "/", headers=strange).json()["headers"]
    arrived = {name.title(): value for name, value in told}
    assert "strange" not in arrived.values()
    assert {name: arrived[name] for name in known} == known
    assert arrived["Host"] == "shop.example"


@pytest.mark.parametrize(
    ("path", "wish", "arrives"),
    [
        ("/ws/chat/reading-room/", "websocket", True),
        ("/ws/chat/reading-room/", "h2c", False),
        ("/", "websocket", False),
        ("/wsx/chat/", "websocket", False),
    ],
)
def test_a_connection_becomes_a_websocket_only_where_there_are_any(
    edge: LoneEdge, path: str, wish: str, arrives: bool
) -> None:
    wishes = {"Connection": "Upgrade", "Upgrade": wish}
    told = dict(edge.visitor.send("GET", path, headers=wishes).json()["headers"])
    assert told.get("Upgrade") == ("websocket" if arrives else None)


def test_an_upload_may_be_larger_than_a_page_form(edge: LoneEdge) -> None:
    """It goes through without being gathered first, so the gateway judges how large it may be."""
    body = bytes(3 * MEBIBYTE)
    told = edge.visitor.send("PATCH", "/manuscripts/x", body=body, headers={}).json()
    assert told["length"] == len(body)


@pytest.mark.parametrize("given", ["a", "Az0.9_-", "x" * 128])
def test_a_well_formed_request_id_is_kept(edge: LoneEdge, given: str) -> None:
    told = dict(edge.visitor.get("/", X_Request_ID=given).json()["headers"])
    assert told["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "a,b", '"', "\xe9", "a;b"])
def test_any_other_request_id_is_replaced(edge: LoneEdge, given: str) -> None:
    told = dict(edge.visitor.get("/", X_Request_ID=given).json()["headers"])
    assert re.fullmatch("[0-9a-f]{32}", told["X-Request-ID"])


BODY = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLING = {
    "a length and chunks": (LENGTH + CHUNKED, b"0\r\n\r\n" + BODY),
    "two lengths": (b"Content-Length: 0\r\n" + LENGTH, BODY),
    "a list of lengths": (b"Content-Length: 0, 36\r\n", BODY),
    "a signed length": (b"Content-Length: +0\r\n", BODY),
    "a length that is no number": (b"Content-Length: 0x0\r\n", BODY),
    "two codings": (CHUNKED + b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n" + BODY),
    "chunks, twice": (CHUNKED + CHUNKED, b"0\r\n\r\n" + BODY),
    "an unknown coding": (b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + BODY),
    "a list of codings": (b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + BODY),
    "a space before the colon": (b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + BODY),
    "a folded header": (b"X: a\r\n " + CHUNKED, b"0\r\n\r\n" + BODY),
    "a control character": (b"X: a\x00b\r\n" + CHUNKED, b"0\r\n\r\n" + BODY),
    "a chunk that is no number": (CHUNKED, b"zz\r\n" + BODY),
    "a chunk longer than any": (CHUNKED, b"ffffffffffffffffff\r\n" + BODY),
    "two hosts": (HOST + b"Content-Length: 0\r\n", BODY),
}


@pytest.mark.parametrize(("head", "body"), SMUGGLING.values(), ids=SMUGGLING.keys())
def test_an_ambiguous_request_is_refused(edge: LoneEdge, head: bytes, body: bytes) -> None:
    """Once, and then the line is cut: what follows is no second request."""
    before = edge.echoed()
    statuses = edge.visitor.raw_statuses(b"POST / HTTP/1.1\r\n" + HOST + head + b"\r\n" + body)
    assert statuses in ([400], [501])
    assert edge.echoed() == before


def test_chunks_to_an_old_version_are_refused(edge: LoneEdge) -> None:
    """RFC 9112, 6.1: there was no chunking in HTTP/1.0."""
    request = b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n0\r\n\r\n"
    assert edge.visitor.raw_statuses(request) == [400]


def test_an_absolute_address_does_not_change_the_host(edge: LoneEdge) -> None:
    request = b"GET http://elsewhere.example/x HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    reply = edge.visitor.raw(request)
    told = json.loads(reply.partition(b"\r\n\r\n")[2])
    assert (told["path"], dict(told["headers"])["Host"]) == ("/x", "shop.example")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "MKCOL", "GETS", "PURGE"])
def test_a_method_that_is_not_ours_is_refused(edge: LoneEdge, method: str) -> None:
    request = f"{method} / HTTP/1.1\r\nConnection: close\r\n".encode() + HOST + b"\r\n"
    reply = edge.visitor.raw(request)
    assert reply.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET, HEAD, POST," in reply
    assert b"not something that this shop understands" in reply


def test_a_request_without_a_version_is_refused(edge: LoneEdge) -> None:
    before = edge.echoed()
    edge.visitor.raw(b"GET /\r\n")
    assert edge.echoed() == before


def test_a_body_of_the_greatest_size_arrives(edge: LoneEdge) -> None:
    told = edge.visitor.send("POST", "/", body=bytes(MEBIBYTE), headers={}).json()
    assert told["length"] == MEBIBYTE


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(edge: LoneEdge, chunked: bool) -> None:
    size = MEBIBYTE + 1
    head = CHUNKED if chunked else b"Content-Length: %d\r\n" % size
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, bytes(size)) if chunked else bytes(size)
    assert edge.visitor.raw_statuses(b"POST / HTTP/1.1\r\n" + HOST + head + b"\r\n" + body) == [413]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 9000, {}, 414),
        ("/", {"X": "x" * 9000}, 431),
        ("/", {f"X-{number}": "x" * 4000 for number in range(12)}, 431),
    ],
    ids=["the path", "one header", "all headers"],
)
def test_a_head_that_is_too_large_is_refused(
    edge: LoneEdge, path: str, headers: dict[str, str], status: int
) -> None:
    answer = edge.visitor.send("GET", path, headers=headers)
    assert answer.status == status
    assert "does not fit" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "//metrics", "/%6detrics", "/x/../metrics", "/static/..%2fmetrics"),
        *("/metrics/", "/./metrics", "/metrics?x", "http://shop.example/metrics", "/metrics#"),
    ],
)
def test_the_metrics_are_not_for_visitors(edge: LoneEdge, path: str) -> None:
    """However the path is written; addresses from inside are let in, and this one is not."""
    before = edge.echoed()
    request = f"GET {path} HTTP/1.1\r\nConnection: close\r\n".encode() + HOST + b"\r\n"
    assert edge.visitor.raw_statuses(request) == [404]
    assert edge.echoed() == before


@pytest.mark.parametrize(
    "path", ["/static/", "/static/admin/", "/static/none.css", "/_edge/refused.html"]
)
def test_what_is_no_file_is_not_found(edge: LoneEdge, path: str) -> None:
    answer = edge.visitor.get(path)
    assert answer.status == 404
    assert "immutable" not in answer.headers["cache-control"]
    assert "There is nothing at this address." in answer.text


def test_a_gateway_cannot_steer_the_edge(edge: LoneEdge) -> None:
    assert edge.visitor.get("/steer").json()["path"] == "/steer"


def test_a_silent_gateway_is_not_waited_for_long(edge: LoneEdge) -> None:
    """The page says so in plain words, and when to come back."""
    answer = edge.visitor.get("/hang")
    assert answer.status == 504
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["cache-control"] == "no-store"
    assert "The shop is closed for a moment" in answer.text


def test_without_a_gateway_the_edge_says_so_and_recovers(edge: LoneEdge) -> None:
    docker("stop", "--time", "0", edge.echo)
    answer = edge.visitor.waits_for(lambda answer: answer.status != 200, "/")
    docker("start", edge.echo)
    assert answer.status == 502
    assert answer.headers["retry-after"] == "5"
    assert "The shop is closed for a moment" in answer.text
    assert edge.visitor.waits_for(lambda answer: answer.status == 200, "/").status == 200


def test_visitors_who_trickle_do_not_hinder_others(edge: LoneEdge) -> None:
    """500 of them hold their lines open and never end a head; the edge hangs up on them."""
    with ExitStack() as lines:
        slow = [lines.enter_context(edge.visitor.connect()) for _ in range(500)]
        for line in slow:
            line.sendall(b"GET / HTTP/1.1\r\nHost: shop.ex")
        assert {edge.visitor.get("/").status for _ in range(20)} == {200}
        assert b"200 OK" not in trickle(slow[0])


def trickle(line: socket.socket) -> bytes:
    """Send a byte every half second until the other side hangs up; return what it said."""
    line.settimeout(0.5)
    for _ in range(60):
        try:
            return line.recv(4096)
        except TimeoutError:
            line.sendall(b"x")
        except ConnectionError:
            return b""
    pytest.fail("The edge has waited for half a minute.")


def test_the_log_cannot_be_forged(edge: LoneEdge) -> None:
    """One request is one line of JSON in ASCII, without the query and without what is odd."""
    paths = (b'/a"}%0a{"b', b"/c\xff\xc3(d", b"/e\\", b"/f?token=secret", b"/" + b"g" * 5000)
    before = len(edge.settled_log())
    for path in paths:
        edge.visitor.raw(b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    lines = edge.settled_log()[before:]
    assert all(line.isascii() for line in lines)
    logged = [json.loads(line)["path"] for line in lines]
    assert logged == ['/a"}%0a{"b', "/c", "/e\\", "/f", "/" + "g" * 199]
