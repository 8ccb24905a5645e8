"""Guessing passwords, and looking for faces, has an end."""

from collections.abc import Iterator

import pytest
import redis

from gateway.members.throttle import GUESSING, LOOKING_AT
from tests.integration.members.asking import sign_in, visitor
from tests.integration.members.joining import address, first_step
from tests.live import DEMO_EMAIL, DEMO_PASSWORD, Shop


def forget(shop: Shop) -> None:
    """Let nothing have been counted."""
    with redis.Redis.from_url(shop.environment["REDIS_URL"]) as client:
        for key in client.keys("page:count:*"):
            client.delete(key)


@pytest.fixture(autouse=True)
def counters(shop: Shop) -> Iterator[None]:
    """Nothing counted before, and nothing left behind for others."""
    forget(shop)
    yield
    forget(shop)


def test_who_guesses_too_often_is_asked_to_wait(shop: Shop) -> None:
    with visitor(shop.url) as client:
        tries = [
            sign_in(client, username="guess@example.com", password=f"guess {n}")
            for n in range(GUESSING.most + 1)
        ]
        assert {each.status_code for each in tries[:-1]} == {200}
        assert tries[-1].status_code == 429
        assert int(tries[-1].headers["Retry-After"]) <= GUESSING.seconds
        # Others, and the right password for another address, are none the worse.
        assert sign_in(client).status_code == 302


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_admin_has_no_door_of_its_own_to_guess_at(shop: Shop, method: str) -> None:
    with visitor(shop.url) as client:
        token = client.get("/signin/").cookies["csrftoken"]
        right = {"username": DEMO_EMAIL, "password": DEMO_PASSWORD, "csrfmiddlewaretoken": token}
        answer = client.request(method, "/admin/login/?next=/admin/", data=right)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/signin/?next=/admin/"
    assert "sessionid" not in client.cookies


def test_one_address_is_not_looked_for_without_end(shop: Shop) -> None:
    with visitor(shop.url) as client:
        email = address("looked-at")
        answers = [first_step(client, email).status_code for _ in range(LOOKING_AT.most + 1)]
    assert answers == [200] * LOOKING_AT.most + [429]
