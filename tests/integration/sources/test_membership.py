"""Who is a member: the session's claim, judged by what Postgres says now."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, TypeVar

import msgspec
import pytest
from django.db import connection
from django.test import Client

from gateway.members.identity import MEMBERSHIP, Membership, end_all_sessions
from gateway.members.models import Member
from gateway.runtime import _postgres_parameters
from gateway.sources.orm import orm_source
from tests.integration.sources.asking import call
from tests.integration.sources.databases import pool

pytestmark = pytest.mark.django_db

T = TypeVar("T")
PASSWORD = "a very long password"
GREATEST_BIGINT = 2**63 - 1


def committing(work: Callable[..., T]) -> Callable[..., T]:
    """Run ``work`` in a thread of its own, where what it writes is committed.

    Each test is one transaction that is rolled back, and in which our own pool sees nothing.
    """

    def closing(*args: Any, **kwargs: Any) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    @wraps(work)
    def committed(*args: Any, **kwargs: Any) -> T:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(closing, *args, **kwargs).result()

    return committed


@pytest.fixture
def member() -> Iterator[Member]:
    """A member who is really in Postgres; gone afterwards."""
    create = committing(Member.objects.create_user)
    member = create("grace@example.com", PASSWORD, name="Grace")
    try:
        yield member
    finally:
        committing(Member.objects.filter(pk=member.pk).delete)()


def membership(member_id: Any, session_hash: Any) -> Membership | None:
    """Return what the source says to this claim."""

    async def ask() -> Any:
        async with pool(**_postgres_parameters()) as postgres:
            source = orm_source(MEMBERSHIP, postgres)
            return (await source(call(member_id=member_id, session_hash=session_hash))).value

    found: Membership | None = asyncio.run(ask())
    return found


def test_the_right_proof_makes_a_member(member: Member) -> None:
    found = membership(str(member.pk), member.get_session_auth_hash())
    assert found == Membership(member.pk, "Grace")


@pytest.mark.parametrize("proof", ["", "0" * 64, "é", "' OR true --", None, 0, "x" * 10_000])
def test_another_proof_makes_a_stranger(member: Member, proof: Any) -> None:
    assert membership(str(member.pk), proof) is None


def test_the_proof_of_another_member_is_none(member: Member) -> None:
    other = Member(pk=member.pk + 1, password=member.password + "x")
    assert membership(str(member.pk), other.get_session_auth_hash()) is None


@committing
def test_an_inactive_member_is_a_stranger(member: Member) -> None:
    Member.objects.filter(pk=member.pk).update(is_active=False)
    assert membership(str(member.pk), member.get_session_auth_hash()) is None


@pytest.mark.parametrize(
    "member_id", ["0", "999999999", str(GREATEST_BIGINT), str(GREATEST_BIGINT + 1), "9" * 5_000]
)
def test_an_id_that_nobody_has_is_a_stranger(member: Member, member_id: str) -> None:
    """However long: Python itself refuses to read numbers of more than 4,300 digits."""
    assert membership(member_id, member.get_session_auth_hash()) is None


@committing
def test_a_new_password_ends_every_session(member: Member) -> None:
    proof = member.get_session_auth_hash()
    member.set_password("another long password")
    member.save()
    assert membership(str(member.pk), proof) is None
    assert membership(str(member.pk), member.get_session_auth_hash()) is not None


@committing
def test_signing_out_ends_every_session(member: Member) -> None:
    proof = member.get_session_auth_hash()
    end_all_sessions(sender=None, user=member)
    assert membership(str(member.pk), proof) is None
    member.refresh_from_db()
    assert membership(str(member.pk), member.get_session_auth_hash()) is not None


@committing
def test_the_sign_out_page_ends_the_session_of_another_browser_too(member: Member) -> None:
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        assert browser.login(username=member.email, password=PASSWORD)
    stolen = elsewhere.session["_auth_user_hash"]
    assert membership(str(member.pk), stolen) is not None
    here.post("/signout/")
    assert membership(str(member.pk), stolen) is None


def test_what_proves_the_session_stays_in_the_source(member: Member) -> None:
    proof = member.get_session_auth_hash()
    found = membership(str(member.pk), proof)
    said = msgspec.json.encode(found).decode() + repr(found)
    assert member.password not in said
    assert proof not in said
    assert set(msgspec.structs.asdict(found)) == {"member_id", "name", "is_staff"}  # type: ignore[arg-type]


def test_a_stranger_costs_no_question() -> None:
    """No pool could connect here."""

    async def ask() -> Any:
        async with pool(host="nobody.invalid") as postgres:
            source = orm_source(MEMBERSHIP, postgres)
            return (await source(call(member_id=None, session_hash=None))).value

    assert asyncio.run(ask()) is None
