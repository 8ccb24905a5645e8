"""How often one may try, over a real Redis; and without one."""

from typing import Any

import pytest
import redis
from django.test import RequestFactory

from gateway.members.throttle import Allowance, client_of, spent, used_up
from gateway.runtime import runtime

THRICE = Allowance("thrice", 3, 60)


@pytest.fixture
def empty_redis(redis_url: str, settings: Any) -> str:
    """A Redis without counters."""
    settings.REDIS_URL = redis_url
    redis.Redis.from_url(redis_url).flushall()
    return redis_url


async def test_three_tries_are_three_for_each(empty_redis: str) -> None:
    assert [await spent(THRICE, "ada") for _ in range(5)] == [False] * 3 + [True] * 2
    assert await used_up(THRICE, "ada")
    assert not await used_up(THRICE, "grace")
    assert not await spent(THRICE, "grace")


async def test_counters_end_by_themselves_and_name_nobody(empty_redis: str) -> None:
    await spent(THRICE, "ada@example.com")
    with redis.Redis.from_url(empty_redis) as client:
        keys = [key for key in client.keys("page:count:*") if b"ada" not in key]
        assert len(keys) == 1
        assert 0 < client.ttl(keys[0]) <= 60


async def test_without_redis_nobody_is_turned_away_and_it_is_told(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    told: list[Any] = []
    runtime().counts._shared.emit = told.append
    assert not any([await spent(THRICE, "ada") for _ in range(5)])
    assert not await used_up(THRICE, "ada")
    assert ("throttle", "refused") in {(event.cache, event.reason) for event in told}


@pytest.mark.parametrize(
    ("peer", "told", "known"),
    [
        ("9.9.9.9", "", "9.9.9.9"),
        ("9.9.9.9", "8.8.8.8", "9.9.9.9"),
        ("172.18.0.5", "8.8.8.8", "8.8.8.8"),
        ("172.18.0.5", "8.8.8.8, 9.9.9.10", "172.18.0.5"),
        ("172.18.0.5", "nonsense", "172.18.0.5"),
        ("", "", "unknown"),
        ("2606:4700:1:2:3:4:5:6", "", "2606:4700:1:2::/64"),
    ],
)
def test_only_our_own_edge_is_believed_who_has_come(peer: str, told: str, known: str) -> None:
    request = RequestFactory().get("/join/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=told)
    assert client_of(request) == known
