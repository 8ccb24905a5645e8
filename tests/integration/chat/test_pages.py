"""The chat's pages without a script, and what staff may do there."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.chat.client import joined
from tests.integration.chat.conftest import fill, guest_cookie
from tests.integration.members.asking import post, sign_in, token, visitor
from tests.live import Server, Shop
from tests.plain import NO_TLS

EMAIL = "chat-staff@example.com"
PASSWORD = "a-password-of-the-chat-staff"


@pytest.fixture(scope="module")
def staff(shop: Shop) -> Iterator[httpx.Client]:
    """One of the staff, signed in."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=EMAIL,
        DJANGO_SUPERUSER_NAME="Night shift",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    with visitor(shop.url) as client:
        assert sign_in(client, username=EMAIL, password=PASSWORD).status_code == 302
        yield client


def cookies(client: httpx.Client) -> dict[str, str]:
    """What a WebSocket of the same browser sends."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


def test_the_rooms_are_listed(shop: Shop) -> None:
    with visitor(shop.url) as client:
        page = client.get("/chat/")
        assert page.status_code == 200
        for title in ("The front table", "First lines", "Lost and found"):
            assert title in page.text
        assert "guest" not in client.cookies


def test_a_rooms_page_shows_the_last_fifty_as_text(shop: Shop, room: str) -> None:
    fill(shop, room, 60, "<script>alert(1)</script>")
    with visitor(shop.url) as client:
        page = client.get(f"/chat/{room}/")
        assert page.text.count('<li class="chat-line"') == 50
        assert "&lt;script&gt;alert(1)" in page.text
        assert "<script>alert" not in page.text
        assert 'data-last-seen="60"' in page.text
        assert "needs JavaScript" in page.text
        assert "Remove" not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert len(client.cookies["guest"]) > 32


@pytest.mark.parametrize(
    "path", ["nowhere/", "x" * 41 + "/", "front-table/1/", "front-table/x/remove/", "%00/", "é/"]
)
def test_a_room_that_is_not_there_is_not_found(shop: Shop, path: str) -> None:
    with visitor(shop.url) as client:
        assert client.get(f"/chat/{path}").status_code in (400, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_rooms_page_is_only_read(shop: Shop, method: str) -> None:
    with visitor(shop.url) as client:
        assert client.request(method, "/chat/front-table/").status_code == 405


async def test_a_guest_keeps_the_name_and_a_member_has_one(
    shop: Shop, room: str, staff: httpx.Client
) -> None:
    cookie = guest_cookie(shop)
    names = set()
    for _ in range(2):
        async with joined(shop.gateway, room, additional_headers=cookie) as guest:
            names.add(guest.name)
    assert len(names) == 1
    with visitor(shop.url) as ada:
        sign_in(ada)
        async with joined(shop.gateway, room, additional_headers=cookies(ada)) as member:
            assert member.welcome["you"] == {"name": "Ada", "kind": "member"}
        stolen = cookies(ada)
        post(ada, "/signout/", form_on="/certificates/")
    async with joined(shop.gateway, room, additional_headers=stolen) as nobody:
        assert nobody.welcome["you"]["kind"] == "guest"
    async with joined(shop.gateway, room, additional_headers=cookies(staff)) as one:
        assert one.welcome["you"] == {"name": "Night shift", "kind": "staff"}


@pytest.mark.parametrize(
    "forged", ["sessionid=eyJ4IjoxfQ:1x:y", "guest=" + "a" * 32, "guest=x; guest=y"]
)
async def test_a_forged_cookie_makes_nobody(shop: Shop, room: str, forged: str) -> None:
    async with joined(shop.gateway, room, additional_headers={"Cookie": forged}) as client:
        assert client.welcome["you"]["kind"] == "guest"


async def test_what_staff_remove_vanishes_for_all_and_from_the_replay(
    shop: Shop, other: Server, room: str, staff: httpx.Client
) -> None:
    async with joined(shop.gateway, room) as here, joined(other, room) as there:
        await here.said("nice")
        nasty = await here.said("nasty")
        await there.until("message")
        last = (await there.until("message"))["change"]
        path = f"/chat/{room}/{nasty['id']}/remove/"
        gone = await asyncio.to_thread(post, staff, path, f"/chat/{room}/")
        assert (gone.status_code, gone.headers["Location"]) == (303, f"/chat/{room}/")
        for client in (here, there):
            assert (await client.until("removed"))["id"] == nasty["id"]
    async with joined(other, room, last_seen=last) as back:
        assert back.history["removed"] == [nasty["id"]]
    async with joined(other, room) as new:
        assert [each["text"] for each in new.history["messages"]] == ["nice"]
    page = await asyncio.to_thread(staff.get, f"/chat/{room}/")
    assert "nasty" not in page.text
    again = await asyncio.to_thread(post, staff, path, f"/chat/{room}/")
    assert again.status_code == 404


async def test_nobody_else_removes_anything(shop: Shop, room: str, staff: httpx.Client) -> None:
    fill(shop, room, 1)
    path = f"/chat/{room}/1/remove/"

    def refused() -> list[int]:
        with visitor(shop.url) as ada:
            sign_in(ada)
            mine = token(ada.get(f"/chat/{room}/"))
            return [
                ada.post(path, data={"csrfmiddlewaretoken": mine}).status_code,
                staff.post(path).status_code,  # without a token
                ada.get(path).status_code,
                httpx.post(shop.url + path, trust_env=False, verify=NO_TLS).status_code,
            ]

    assert await asyncio.to_thread(refused) == [403, 403, 405, 403]
    async with joined(shop.gateway, room) as client:
        assert len(client.history["messages"]) == 1


async def test_what_the_admin_deletes_vanishes_too(
    shop: Shop, other: Server, room: str, staff: httpx.Client
) -> None:
    async with joined(other, room) as client:
        await client.said("for the admin")
        listed = await asyncio.to_thread(staff.get, "/admin/chat/message/?q=for+the+admin")
        pk = listed.text.split('name="_selected_action" value="')[1].split('"')[0]
        delete = f"/admin/chat/message/{pk}/delete/"
        done = await asyncio.to_thread(post, staff, delete, delete, post="yes")
        assert done.status_code == 302
        assert (await client.until("removed"))["id"] == 1
        bulk = await client.said("many at once")
        listed = await asyncio.to_thread(staff.get, "/admin/chat/message/?q=many+at+once")
        pk = listed.text.split('name="_selected_action" value="')[1].split('"')[0]
        fields = {"action": "delete_selected", "_selected_action": pk, "post": "yes"}
        here = "/admin/chat/message/"
        done = await asyncio.to_thread(post, staff, here, here, **fields)
        assert done.status_code == 302
        assert (await client.until("removed"))["id"] == bulk["id"]
    rooms = await asyncio.to_thread(staff.get, "/admin/chat/room/")
    assert "The front table" in rooms.text
