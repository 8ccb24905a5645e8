"""The staff's page of a running shop, and what lies in its Redis."""

from collections.abc import Iterator

import httpx
import pytest
import redis

from gateway.sources.switches import PURGES
from tests.integration.members.asking import sign_in, visitor
from tests.live import Shop
from tests.switchboard import Switchboard, switchboard

STAFF_EMAIL = "counter@example.com"
STAFF_PASSWORD = "a-password-of-the-counter"


@pytest.fixture(scope="session")
def staff_account(shop: Shop) -> str:
    """The address of one who is staff."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=STAFF_EMAIL,
        DJANGO_SUPERUSER_NAME="Counter",
        DJANGO_SUPERUSER_PASSWORD=STAFF_PASSWORD,
    )
    return STAFF_EMAIL


@pytest.fixture
def stranger(shop: Shop) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with visitor(shop.url) as client:
        yield client


@pytest.fixture
def member(shop: Shop) -> Iterator[httpx.Client]:
    """The demo member, signed in."""
    with visitor(shop.url) as client:
        sign_in(client)
        yield client


@pytest.fixture
def staff(shop: Shop, staff_account: str, switched: Switchboard) -> Iterator[httpx.Client]:
    """One of the staff, signed in; nothing is switched."""
    with visitor(shop.url) as client:
        signed_in_as_staff(client)
        yield client


def signed_in_as_staff(client: httpx.Client) -> None:
    """Sign one of the staff in."""
    answer = sign_in(client, username=STAFF_EMAIL, password=STAFF_PASSWORD)
    assert answer.status_code == 302


@pytest.fixture
def purges(redis_url: str) -> Iterator[redis.Redis]:
    """The Redis of the shop, with no purge before the test and none after it."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete(PURGES)
        yield client
        client.delete(PURGES)


@pytest.fixture
def switched(shop: Shop, purges: redis.Redis) -> Iterator[Switchboard]:
    """The switches of the shop: none before the test, and none after it."""
    with switchboard(shop.environment["DATABASE_URL"]) as board:
        yield board
