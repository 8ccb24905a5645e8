"""A gateway that is full: what it says on the wire, to whom, and to whom it does not."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.process import wait_until
from tests.live import START_SECONDS, Server, Shop, complete
from tests.plain import NO_TLS
from tests.server.wire import Answer, Connection, head

COUNTED = (
    'gateway_policy_decisions_total{cause="full",decision="refused",'
    'policy="bulkhead",subject="door"}'
)
BEHIND_THE_DOOR = ["/", "/api/home", "/books/", "/authors/", "/books/?page=2"]
EXEMPT = {"/livez": 200, "/readyz": 200, "/metrics": 200, "/signin/": 200, "/nowhere": 404}
STAFF = {"/ops/": 302, "/admin/": 302}


class House:
    """A gateway, and the switch that says whether it is full."""

    def __init__(self, gateway: Server, flag: Path) -> None:
        self.gateway = gateway
        self.url = gateway.url
        self._flag = flag

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Be full for as long as it lasts."""
        self._flag.touch()
        try:
            yield
        finally:
            self._flag.unlink()


@pytest.fixture(scope="module")
def house(shop: Shop, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that can be made full."""
    flag = tmp_path_factory.mktemp("door") / "full"
    nothing_lies_ready = {"PROMO_FRESH_SECONDS": "0", "RECCO_FRESH_SECONDS": "0"}
    told = {"FULL_WHILE": str(flag), "SERVER": server, **nothing_lies_ready}
    gateway = shop.new_gateway("-m", "tests.server.full_house", **told)
    try:
        gateway.start()
        assert wait_until(lambda: complete(gateway), START_SECONDS), gateway.said()
        yield House(gateway, flag)
        assert "Traceback" not in gateway.said()
    finally:
        gateway.stop()


def is_refusal(answer: Answer) -> bool:
    return answer.status == 503 and int(answer.headers["retry-after"]) >= 1


def lines_of(house: House, path: str) -> int:
    """How many requests for ``path`` came as far as the application, by its log."""
    return house.gateway.said().count(f'"path": "{path}"')


@pytest.mark.parametrize("path", BEHIND_THE_DOOR)
async def test_a_page_is_refused_before_the_application_hears_of_it(
    house: House, path: str
) -> None:
    before = lines_of(house, path)
    with house.full():
        async with Connection(house.url) as connection:
            answer = await connection.get(path)
    assert is_refusal(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["date"].endswith("GMT")
    assert lines_of(house, path) == before


async def test_a_person_gets_a_page_and_a_program_json(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            page, program = await connection.get("/"), await connection.get("/api/home")
    assert page.headers["content-type"].startswith("text/html")
    assert b"This shelf is out of reach right now" in page.body
    assert program.headers["content-type"] == "application/json"
    assert json.loads(program.body) == {"error": "overloaded"}


async def test_head_gets_the_head_alone(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            full = await connection.get("/")
            bare = await connection.get("/", "HEAD")
            after = await connection.get("/")  # it would find a body first, were there one
    assert is_refusal(bare)
    assert bare.headers["content-length"] == full.headers["content-length"]
    assert is_refusal(after)


async def test_health_and_staff_are_let_in(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            found = {path: (await connection.get(path)).status for path in EXEMPT | STAFF}
    assert found == EXEMPT | STAFF


def test_static_files_are_let_in(house: House) -> None:
    with house.full(), httpx.Client(base_url=house.url, trust_env=False, verify=NO_TLS) as client:
        page = client.get("/signin/").text
        address = page.split('rel="stylesheet" href="')[1].split('"')[0]
        assert client.get(address).status_code == 200


async def test_a_connection_is_kept_and_served_again(house: House) -> None:
    async with Connection(house.url) as connection:
        with house.full():
            refused = await connection.get("/")
            assert not refused.closes
        assert (await connection.get("/")).status == 200
        with house.full():
            assert is_refusal(await connection.get("/"))
        assert (await connection.get("/")).status == 200


async def test_whoever_wants_no_more_is_answered_and_left(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            await connection.send(head("GET", "/", "Connection: close"))
            answer = await connection.answer()
            rest = await connection.until_closed()
    assert is_refusal(answer)
    assert answer.closes
    assert rest == b""


async def test_an_old_connection_that_wants_no_more_ends_too(house: House) -> None:
    async with Connection(house.url) as connection:
        assert (await connection.get("/livez")).status == 200
        with house.full():
            await connection.send(head("GET", "/", "Connection: close"))
            answer = await connection.answer()
            rest = await connection.until_closed()
    assert is_refusal(answer)
    assert answer.closes
    assert rest == b""


async def test_a_request_keeps_its_name(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            await connection.send(head("GET", "/", "X-Request-ID: asked-1"))
            named = await connection.answer()
            await connection.send(head("GET", "/", "X-Request-ID: <b>"))
            ill_named = await connection.answer()
            nameless = await connection.get("/")
    assert named.headers["x-request-id"] == "asked-1"
    made = {ill_named.headers["x-request-id"], nameless.headers["x-request-id"]}
    assert len(made) == 2
    assert all(name.isalnum() for name in made)


async def test_two_requests_in_one_go_get_two_answers_in_order(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            await connection.send(head("GET", "/api/home") + head("GET", "/livez"))
            first, second = await connection.answer(), await connection.answer()
    assert is_refusal(first)
    assert second.body == b'{"status":"ok"}'


async def test_a_request_that_comes_byte_by_byte_is_refused_once(house: House) -> None:
    with house.full():
        async with Connection(house.url) as connection:
            for byte in head("GET", "/api/home"):
                await connection.send(bytes([byte]))
                await asyncio.sleep(0)
            assert is_refusal(await connection.answer())
            assert (await connection.get("/livez")).status == 200


@pytest.mark.parametrize("fields", [("Content-Length: 5",), ("Transfer-Encoding: chunked",)])
async def test_what_comes_with_a_body_is_not_mistaken_for_two_requests(
    house: House, fields: tuple[str, ...]
) -> None:
    """The body of the one must not become the beginning of the next."""
    inner = head("GET", "/livez")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    with house.full():
        async with Connection(house.url) as connection:
            body = b"01234" if "Length" in fields[0] else chunked
            await connection.send(head("GET", "/api/home", *fields) + body)
            assert is_refusal(await connection.answer())
            assert (await connection.get("/api/home")).status == 503


async def test_a_body_that_looks_like_a_plain_request_is_a_body(house: House) -> None:
    """It comes by itself, when the server has read the head and waits for just that."""
    inner = head("GET", "/")
    outer = head("POST", "/livez", f"Content-Length: {len(inner)}", "Expect: 100-continue")
    with house.full():
        async with Connection(house.url) as connection:
            await connection.send(outer)
            assert (
                await connection.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            )
            await connection.send(inner)
            assert (await connection.answer()).status == 405
            assert (await connection.get("/livez")).status == 200


async def test_both_lengths_are_still_a_bad_request(house: House) -> None:
    both = head("GET", "/", "Content-Length: 5", "Transfer-Encoding: chunked")
    with house.full():
        async with Connection(house.url) as connection:
            await connection.send(both)
            assert (await connection.answer()).status == 400


async def test_a_crowd_that_does_not_wait_is_slowed_down_and_answered(house: House) -> None:
    """Each gets every answer that he asked for, whether he was held or not."""

    async def insists() -> list[Answer]:
        found: list[Answer] = []
        while len(found) < 5:
            async with Connection(house.url) as connection:
                while len(found) < 5:
                    found.append(await connection.get("/api/home"))
                    if found[-1].closes:
                        break
        return found

    with house.full():
        found = await asyncio.gather(*(insists() for _ in range(100)))
    assert all(is_refusal(answer) for answers in found for answer in answers)


async def test_refusals_are_counted(house: House) -> None:
    def counted() -> float:
        told = httpx.get(f"{house.url}/metrics", trust_env=False, verify=NO_TLS).text
        lines = [line for line in told.splitlines() if line.startswith(COUNTED)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before = await asyncio.to_thread(counted)
    with house.full():
        async with Connection(house.url) as connection:
            for _ in range(3):
                await connection.get("/")
    assert await asyncio.to_thread(wait_until, lambda: counted() >= before + 3, 5.0)
