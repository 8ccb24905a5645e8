"""Two gateways of one shop, and a room for each test."""

import itertools
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.live import Server, Shop
from tests.plain import NO_TLS

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def other(shop: Shop) -> Iterator[Server]:
    """A second replica."""
    with shop.another_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def on_uvicorn(shop: Shop) -> Iterator[Server]:
    """A replica on the other server."""
    with shop.another_gateway(SERVER="uvicorn") as gateway:
        yield gateway


@pytest.fixture(params=["daphne", "uvicorn"])
def each(request: pytest.FixtureRequest) -> Server:
    """A replica on each server: what a test claims of it holds on both."""
    name = "other" if request.param == "daphne" else "on_uvicorn"
    gateway: Server = request.getfixturevalue(name)
    return gateway


@pytest.fixture
def room(shop: Shop) -> str:
    """A new room's slug."""
    slug = f"room-{next(_numbers)}"
    ask(
        shop,
        f"""
        INSERT INTO chat_room (slug, title, topic, position, is_open, changes)
        VALUES ('{slug}', 'A room', '', 9, true, 0)
        """,  # noqa: S608 - a test's own values
    )
    return slug


def ask(shop: Shop, statement: str) -> list[tuple[object, ...]]:
    """Ask the shop's database; the rows, if there are any."""
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def fill(shop: Shop, room: str, count: int, text: str = "text", first: int = 1) -> None:
    """Put messages into a room, as if they had been said; their numbers begin at ``first``."""
    ask(
        shop,
        f"""
        WITH known AS (SELECT id FROM chat_room WHERE slug = '{room}'), put AS (
            INSERT INTO chat_message (room_id, number, change, author_key, author_name,
                author_kind, text, client_id, sent_at)
            SELECT known.id, n, n, 'guest-x', 'Guest 1', 'guest', '{text}', 'c' || n, now()
            FROM known, generate_series({first}, {first + count - 1}) n
        )
        UPDATE chat_room SET changes = {first + count - 1} WHERE slug = '{room}'
        """,  # noqa: S608 - a test's own values
    )


def guest_cookie(shop: Shop) -> dict[str, str]:
    """Become a guest, as a browser does when it opens a room's page."""
    got = httpx.get(f"{shop.url}/chat/front-table/", trust_env=False, verify=NO_TLS)
    return {"Cookie": f"guest={got.cookies['guest']}"}
