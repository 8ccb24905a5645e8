"""Who sees how a page was made: staff, by what Postgres says; and everybody where DEBUG is on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.signed_cookies import SessionStore

from gateway.members.identity import STAFF
from gateway.members.models import Member
from gateway.web import rendering
from gateway.web.handler import Handler
from tests.integration.conftest import InProcess, visitor
from tests.integration.members.asking import token
from tests.integration.sources.test_membership import committing

PAGES = ["/", "/books/", "/authors/"]
PANEL = "How this page was made"


@pytest.fixture
def people(shop_data: None) -> Iterator[dict[str, Member]]:
    """One of the staff and a member who is not."""
    create = committing(Member.objects.create_superuser)
    staff = create(email="insight@example.com", name="Insight", password="of-the-staff")
    try:
        yield {"staff": staff, "member": committing(Member.objects.get)(email="ada@example.com")}
    finally:
        committing(Member.objects.filter(pk=staff.pk).delete)()


def session_of(member: Member, **claims: Any) -> str:
    """The cookie of a session of ``member`` that claims these things too."""
    store = SessionStore()
    store[SESSION_KEY] = str(member.pk)
    store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    store["_auth_user_hash"] = member.get_session_auth_hash()
    for name, value in claims.items():
        store[name] = value
    store.save()
    return str(store.session_key)


@asynccontextmanager
async def signed_in(
    app: Handler, member: Member, **claims: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with a session."""
    async with visitor(app) as client:
        client.cookies.set(django_settings.SESSION_COOKIE_NAME, session_of(member, **claims))
        yield client


@pytest.mark.parametrize("path", PAGES)
async def test_staff_see_how_each_composed_page_was_made(
    gateway_app: Handler, people: Any, path: str
) -> None:
    async with signed_in(gateway_app, people["staff"], staff=True) as client:
        answer = await client.get(path)
    assert PANEL in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    for name, seconds in fragments_of(answer):
        assert f'<th scope="row">{name}</th>' in answer.text
        assert f'<td class="fall-ms">{seconds}</td>' in answer.text


def fragments_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The fragments' names and milliseconds, as Server-Timing tells them."""
    told = [part.strip().split(";") for part in answer.headers["Server-Timing"].split(",")]
    return [(part[0], part[1].removeprefix("dur=")) for part in told if part[0] != "page"]


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_else_sees_it(gateway_app: Handler, people: Any, path: str) -> None:
    async with visitor(gateway_app) as stranger:
        assert PANEL not in (await stranger.get(path)).text
    async with signed_in(gateway_app, people["member"]) as member:
        assert PANEL not in (await member.get(path)).text


@pytest.mark.parametrize("path", PAGES)
async def test_a_session_that_claims_to_be_staff_proves_nothing(
    gateway_app: Handler, people: Any, path: str
) -> None:
    """It may have been true when the session began."""
    async with signed_in(gateway_app, people["member"], **{STAFF: True}) as client:
        answer = await client.get(path)
    assert "membership;state=live" in answer.headers["Fragment-Status"]
    assert PANEL not in answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_session_that_has_ended_shows_nothing(
    gateway_app: Handler, people: Any, path: str
) -> None:
    staff = people["staff"]
    async with signed_in(gateway_app, staff, staff=True) as client:
        staff.session_epoch += 1
        committing(staff.save)()
        assert PANEL not in (await client.get(path)).text


async def test_members_have_nobody_asked_who_they_are_where_no_page_needs_it(
    gateway_app: Handler, people: Any
) -> None:
    async with signed_in(gateway_app, people["member"]) as client:
        answer = await client.get("/books/")
    assert "membership" not in answer.headers["Fragment-Status"]


async def test_a_page_of_the_staffs_is_never_kept_for_others(
    gateway_app: Handler, people: Any
) -> None:
    rendering._kept.clear()
    async with signed_in(gateway_app, people["staff"], staff=True) as client:
        await client.get("/")
    assert not rendering._kept
    async with visitor(gateway_app) as stranger:
        first, again = await stranger.get("/"), await stranger.get("/")
    assert PANEL not in first.text + again.text
    async with signed_in(gateway_app, people["staff"], staff=True) as client:
        one, other = (await client.get("/")).text, (await client.get("/")).text
    assert PANEL in one
    assert one != other  # each tells of itself


async def test_where_debug_is_on_everybody_sees_it_and_no_page_is_kept(
    gateway_app: Handler, settings: Any
) -> None:
    settings.DEBUG = True
    rendering._kept.clear()
    async with visitor(gateway_app) as stranger:
        for path in PAGES:
            answer = await stranger.get(path)
            assert PANEL in answer.text
            assert "Staff only" not in answer.text
            assert answer.headers["Cache-Control"] == "no-store"
    assert not rendering._kept


async def test_a_failing_source_is_seen_with_its_attempts(
    gateway_app: Handler, people: Any, services: InProcess
) -> None:
    services.down.add("promo")
    async with signed_in(gateway_app, people["staff"], staff=True) as client:
        text = (await client.get("/")).text
    assert "fallback: refused" in text
    assert "made once more after: refused" in text
    assert '<th scope="row">call 2</th>' in text
    assert "not complete" in text


async def test_signing_in_lets_a_session_say_that_its_member_is_staff(
    gateway_app: Handler, people: Any
) -> None:
    async with visitor(gateway_app) as client:
        form = await client.get("/signin/")
        fields = {"username": "insight@example.com", "password": "of-the-staff"}
        fields["csrfmiddlewaretoken"] = token(form)
        assert (await client.post("/signin/", data=fields)).status_code == 302
        assert PANEL in (await client.get("/books/")).text
