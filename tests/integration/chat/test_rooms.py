"""Talking in a room, on two gateways at once."""

import asyncio
import random

import redis

from tests.integration.chat.client import joined
from tests.integration.chat.conftest import ask, fill, guest_cookie
from tests.live import Server, Shop


async def test_what_is_said_reaches_every_replica(shop: Shop, other: Server, room: str) -> None:
    async with joined(shop.gateway, room) as ada, joined(other, room) as ben:
        await ada.say("Is it any good?", "first-1")
        seen = await ben.until("message")
        assert (seen["text"], seen["name"], seen["kind"]) == ("Is it any good?", ada.name, "guest")
        assert await ada.until("stored") == {"type": "stored", "client_id": "first-1", "id": 1}
        assert (await ben.said("It is."))["id"] == 2
        assert (await ada.until("message"))["text"] == "Is it any good?"
        assert (await ada.until("message"))["text"] == "It is."


async def test_what_is_said_rings_for_the_others_and_tells_nothing(shop: Shop, room: str) -> None:
    """They would find it by themselves, but later; and Redis is nobody's place for messages."""
    client = redis.Redis.from_url(shop.environment["REDIS_URL"])
    with client, client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.psubscribe("*__group__chat")
        heard.get_message(timeout=1.0)
        async with joined(shop.gateway, room) as ada:
            await ada.said("a secret")
            ring = await asyncio.to_thread(heard.get_message, timeout=5.0)
    assert ring
    assert room.encode() in ring["data"]
    assert b"secret" not in ring["data"]


async def test_who_joins_sees_the_last_fifty_in_their_order(shop: Shop, room: str) -> None:
    fill(shop, room, 60)
    async with joined(shop.gateway, room) as client:
        assert [each["id"] for each in client.history["messages"]] == list(range(11, 61))
        assert client.history["last_seen"] == 60
        assert client.history["replaces"]


async def test_a_room_in_which_all_said_a_lot_can_be_joined(shop: Shop, room: str) -> None:
    fill(shop, room, 50, "x" * 4096)
    async with joined(shop.gateway, room) as anybody:
        assert [len(each["text"]) for each in anybody.history["messages"]] == [4096] * 50
        assert (await anybody.said("still here"))["id"] == 51


async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(
    shop: Shop, other: Server, room: str
) -> None:
    async with joined(shop.gateway, room) as stays:
        async with joined(shop.gateway, room) as leaves:
            last = (await leaves.said("one"))["change"]
        await stays.said("two")
        await stays.said("three")
        async with joined(other, room, last) as back:
            assert [each["text"] for each in back.history["messages"]] == ["two", "three"]
            assert not back.history["replaces"]
            assert not back.history["gap"]


async def test_who_missed_more_than_fifty_is_told_of_the_gap(shop: Shop, room: str) -> None:
    fill(shop, room, 60)
    async with joined(shop.gateway, room, last_seen=5) as client:
        assert len(client.history["messages"]) == 50
        assert client.history["gap"]
        assert client.history["replaces"]
    async with joined(shop.gateway, room, last_seen=10) as client:
        assert len(client.history["messages"]) == 50
        assert not client.history["gap"]


async def test_one_who_has_seen_more_than_there_is_begins_anew(shop: Shop, room: str) -> None:
    """The database was put back to an older one."""
    fill(shop, room, 3)
    async with joined(shop.gateway, room, last_seen=900) as client:
        assert len(client.history["messages"]) == 3
        assert client.history["replaces"]


async def test_what_is_sent_twice_is_said_once(shop: Shop, other: Server, room: str) -> None:
    cookie = guest_cookie(shop)
    async with joined(shop.gateway, room, additional_headers=cookie) as first:
        await first.said("only once", "mine-1")
    async with joined(other, room, additional_headers=cookie) as again:
        await again.say("only once", "mine-1")
        assert (await again.until("stored"))["id"] == 1
    async with joined(shop.gateway, room) as stranger:
        assert len(stranger.history["messages"]) == 1
        await stranger.say("somebody else's name for it", "mine-1")
        assert (await stranger.until("stored"))["id"] == 2


async def test_all_see_all_in_one_order_whoever_speaks_and_comes_and_goes(
    shop: Shop, other: Server, room: str
) -> None:
    gateways = [shop.gateway, other]
    seen: list[list[int]] = []

    async def speak(gateway: Server) -> None:
        async with joined(gateway, room) as client:
            for number in range(8):
                await client.say(f"word {number}")
                await client.until("stored")

    async def watch(gateway: Server, seed: int) -> None:
        """Read all, and reconnect to any gateway now and then."""
        dice, known, last = random.Random(seed), [], 0
        while len(known) < 48:
            async with joined(dice.choice(gateways), room, last) as client:
                known += [each["id"] for each in client.history["messages"]]
                last = client.history["last_seen"]
                for _ in range(dice.randrange(1, 12)):
                    if len(known) >= 48:
                        break
                    event = await client.until("message")
                    known.append(event["id"])
                    last = event["change"]
        seen.append(known)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(speak(gateways[number % 2]))
            group.create_task(watch(gateways[number % 2], number))
    assert len(seen) == 6
    assert all(known == sorted(set(known)) == seen[0] for known in seen)


async def test_a_gateway_that_was_left_and_entered_in_one_moment_still_listens(
    shop: Shop, other: Server, room: str
) -> None:
    async with joined(shop.gateway, room) as ada:
        for number in range(5):
            async with joined(other, room):
                pass
            async with joined(other, room) as ben:
                await ada.say(f"word {number}")
                assert (await ben.until("message"))["text"] == f"word {number}"
            await ada.until("message")


async def test_only_so_much_is_kept(shop: Shop, room: str) -> None:
    fill(shop, room, 505)
    async with joined(shop.gateway, room) as client:
        await client.said("one more")
    of_the_room = f"(SELECT id FROM chat_room WHERE slug = '{room}')"  # noqa: S608
    kept = ask(
        shop,
        f"SELECT count(*), min(number) FROM chat_message WHERE room_id = {of_the_room}",  # noqa: S608
    )
    assert kept == [(500, 7)]


async def test_a_sign_of_life_is_answered(shop: Shop) -> None:
    async with joined(shop.gateway) as client:
        await client.send('{"type":"ping"}')
        assert await client.next() == {"type": "pong"}


async def test_a_room_that_is_closed_sends_all_away(shop: Shop, room: str) -> None:
    async with joined(shop.gateway, room) as client:
        ask(shop, f"UPDATE chat_room SET is_open = false WHERE slug = '{room}'")  # noqa: S608
        await client.say("anybody?")
        assert (await client.closed())[0] == 4404
