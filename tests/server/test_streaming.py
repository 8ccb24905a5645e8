"""A page that comes bit by bit over real sockets, on both servers, while a service hangs."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from deploy.local.process import wait_until
from deploy.local.redis import free_port
from tests.live import Server, Shop

BROWSER = {"Accept": "text/html"}
TRY_SECONDS = 20.0
SERVERS = {
    "daphne": ("-m", "gateway.serve"),
    "uvicorn": ("-m", "uvicorn", "gateway.asgi:application", "--port"),
}


@dataclass(frozen=True)
class Came:
    """An answer: its headers, its first bytes, and all of it."""

    headers: httpx.Headers
    first: str
    whole: str


@pytest.fixture(scope="module")
def hanging() -> Iterator[str]:
    """A service that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module", params=SERVERS)
def gateway(shop: Shop, hanging: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A gateway whose recommendations hang, on one server and on the other."""
    port, words = free_port(), SERVERS[request.param]
    command = [*words, str(port)] if request.param == "uvicorn" else words
    told = {"RECCO_SERVICE_URL": hanging, "RECCO_FRESH_SECONDS": "0"}
    gateway = shop.new_gateway(*command, **told)
    gateway.port = port
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


def came(gateway: Server) -> Came:
    """Ask as a browser does, and take in the whole page."""
    with httpx.stream("GET", f"{gateway.url}/", headers=BROWSER, trust_env=False) as answer:
        bits = [bit.decode() for bit in answer.iter_raw()]
        return Came(answer.headers, bits[0], "".join(bits))


def in_bits(gateway: Server) -> Came:
    """The first answer that comes bit by bit: a process that has just begun is slow itself."""
    answers: list[Came] = []

    def comes() -> bool:
        answers.append(came(gateway))
        return "recco;state=pending" in answers[-1].headers["Fragment-Status"]

    assert wait_until(comes, TRY_SECONDS), answers[-1].headers
    return answers[-1]


def test_what_is_there_comes_before_the_rest(gateway: Server) -> None:
    answer = in_bits(gateway)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers
    assert "Our recommendations are on their way." in answer.first
    assert "</main>" in answer.first
    assert "</html>" not in answer.first
    assert "Our recommendations are not here at the moment." in answer.whole
    assert answer.whole.endswith("</html>\n")
    assert re.search(r'page-status".*recco;state=fallback;reason=timeout', answer.whole)


def test_who_leaves_meanwhile_gives_the_source_up(gateway: Server) -> None:
    before = abandoned(gateway)
    in_bits(gateway)

    def leaves() -> bool:
        with httpx.stream("GET", f"{gateway.url}/", headers=BROWSER, trust_env=False) as answer:
            next(answer.iter_raw())
        return abandoned(gateway) > before

    assert wait_until(leaves, TRY_SECONDS)
    assert "Traceback" not in gateway.said()


def abandoned(gateway: Server) -> float:
    """How many calls of the recommendations were given up because nobody waited any more."""
    said = httpx.get(f"{gateway.url}/metrics", trust_env=False).text
    found = re.search(r"^gateway_source_calls_total\{.*recco.*abandoned.*\} (\S+)$", said, re.M)
    return float(found[1]) if found else 0.0
