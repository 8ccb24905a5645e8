"""Somebody walks through the whole shop; of who they are, and what they write, no line tells."""

import asyncio
import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.chat.client import ROOM, address, joined
from tests.integration.members.asking import post, sign_in
from tests.integration.members.joining import address as mail_address
from tests.integration.members.joining import join, link_in
from tests.integration.members.outside import mail, smtp, working
from tests.integration.traces.collector import Collector
from tests.integration.traces.conftest import gateway_of
from tests.live import Shop
from tests.standins.running import Standins

WORD = "qzcanaryqz"
EMAIL = mail_address(f"{WORD}-mail")
PASSWORD = f"{WORD} pass word"
WALKED = {
    "/join/", "/join/welcome/", "/signin/", "/", "/books/", "/tour/", "/chat/", f"/chat/{ROOM}/",
    "/certificates/", "/manuscripts/", "/giftwrap/", "/ops/", "/nowhere",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What was written on the walk, by who wrote it; and the signed words that the walk met."""

    sources: dict[str, str]
    signed: tuple[str, ...]


@pytest.fixture(scope="module")
def told(
    shop: Shop, collector: Collector, traced_services: dict[str, str], standins: Standins
) -> Iterator[Told]:
    """What the gateway, the services and the worker wrote, their metrics and their spans."""
    outside = {"AVATAR_SERVICE_URL": standins.url, "WEATHER_SERVICE_URL": standins.url}
    outside |= {"STANDINS": "avatar,weather,email", "LOG_LEVEL": "DEBUG"}
    collector.bodies.clear()
    with (
        working(shop, smtp(standins)) as worker,
        gateway_of(shop, collector, **outside, **traced_services) as gateway,
    ):
        signed = walk(gateway.url, standins)
        asyncio.run(chat(gateway))
        with httpx.Client(base_url=gateway.url, trust_env=False) as client:
            metrics = client.get("/metrics").text
            last = client.get("/").headers["X-Request-ID"]
        collector.whole(last, 1)
        yield Told(
            {
                "the gateway's log": gateway.said(),
                "the worker's log": worker.said(),
                "promo_service's log": said(shop.folder / "traced-promo.log"),
                "recco_service's log": said(shop.folder / "traced-recco.log"),
                "metrics": metrics,
                "spans": b"".join(collector.bodies).decode("latin-1"),
            },
            signed,
        )


def said(log: Path) -> str:
    """All that a process has written."""
    return log.read_text("utf-8")


def walk(url: str, standins: Standins) -> tuple[str, ...]:
    """Join, sign in, look around, write; return the signed words of addresses on the way."""
    headers = {"User-Agent": f"{WORD}-agent", "Referer": f"http://{WORD}.example/{WORD}"}
    headers["X-Forwarded-For"] = f"{WORD}-address"
    with httpx.Client(base_url=url, timeout=20.0, trust_env=False, headers=headers) as client:
        client.cookies.set("biscuit", f"{WORD}-cookie")
        sent = join(client, EMAIL, name=f"{WORD} Name", password=PASSWORD)
        assert WORD in client.get(sent.headers["Location"]).text
        link = link_in(mail(standins, EMAIL))
        assert post(client, link, password=PASSWORD).status_code == 303
        sign_in(client, username=EMAIL, password=f"{PASSWORD}-mistyped")
        assert sign_in(client, username=EMAIL, password=PASSWORD).status_code == 302
        home = client.get("/", params={"q": f"{WORD}-search"})
        assert f"{WORD} Name" in home.text
        for path in ("/books/", "/tour/", "/chat/", f"/chat/{ROOM}/", "/ops/", "/nowhere"):
            client.get(path, params={"tag": f"{WORD}-tag", "utm": f"{WORD}-utm"})
        client.get("/giftwrap/", params={"items": f"{WORD}-item", "ribbon": "red"})
        fields = {"name": f"{WORD} Friend", "amount": "25.00", "message": f"{WORD} message"}
        card = post(client, "/certificates/", **fields)
        assert card.is_redirect
        client.get(card.headers["Location"])
        client.get(card.headers["Location"].removesuffix("/") + ".pdf")
        upload(client)
    words = (link, card.headers["Location"])
    return tuple(max(re.split("/", word), key=len) for word in words)


def upload(client: httpx.Client) -> None:
    """Send a manuscript whose name and text are canaries."""
    page = client.get("/manuscripts/")
    found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found
    answer = client.post(
        "/manuscripts/",
        data={"csrfmiddlewaretoken": found[1]},
        files={"manuscript": (f"{WORD}-novel.txt", f"{WORD} was a bird.".encode())},
    )
    assert answer.status_code in (302, 303), answer.text[-2000:]


async def chat(gateway: object) -> None:
    """Say something in a room."""
    assert address(gateway)  # type: ignore[arg-type]
    async with joined(gateway) as client:  # type: ignore[arg-type]
        assert WORD in (await client.said(f"{WORD} said so"))["text"]


def disguises(word: str) -> set[str]:
    """A word, and what base64 makes of it at each place of its three."""
    found = {word, word.upper(), word.encode().hex()}
    for shift in range(3):
        packed = base64.urlsafe_b64encode(b"." * shift + word.encode()).decode()
        found.add(packed[shift + 2 : -4])
    return found


SOURCES = [
    "the gateway's log", "the worker's log", "promo_service's log", "recco_service's log",
    "metrics", "spans",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_that_somebody_is_or_writes_is_told(told: Told, source: str) -> None:
    text = told.sources[source]
    assert [word for word in disguises(WORD) if word in text] == []
    assert [word for word in told.signed if word[:40] in text] == []


def test_the_walk_was_noticed_everywhere(told: Told) -> None:
    """Else nothing would be proved by what is not there."""
    logged = set(re.findall(r'"path": "([^"]*)"', told.sources["the gateway's log"]))
    assert logged >= WALKED
    assert {"/join/open/-/", "/certificates/-/", "/certificates/-"} <= logged
    for source in ("promo_service's log", "recco_service's log"):
        assert '"event": "request"' in told.sources[source]
    assert "gateway_pages_total" in told.sources["metrics"]
    for route in ("/signin/", "/join/open/<str:token>/", "/manuscripts/", "/certificates/"):
        assert route in told.sources["spans"]
    assert "SELECT" in told.sources["spans"]


def test_the_canaries_can_be_found() -> None:
    hidden = base64.urlsafe_b64encode(f"..{WORD}..".encode()).decode()
    assert any(word in hidden for word in disguises(WORD))
