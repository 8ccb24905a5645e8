"""Mails that are owed, in a real Postgres; the mail server is a fake that does as it is told."""

import smtplib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from deploy.local.process import wait_until
from gateway.members import joining as joining_module
from gateway.members.admin import LetterAdmin
from gateway.members.joining import Chosen, Joined, join
from gateway.members.letters import DELAYS_SECONDS, message, post, remind
from gateway.members.models import Joining, Letter, Member
from gateway.members.presence import Presence
from gateway.members.recovering import MOST_LIVES, recover, tidy
from gateway.members.tasks import post_letter
from gateway.members.tickets import Ticket

pytestmark = pytest.mark.django_db

EMAIL = "grace@letters.example"
CHOSEN = Chosen("Grace", "a goose on a bicycle", "http://shop.test")


class Moody(EmailBackend):
    """A mail server that raises what is in ``moods``, one after the other."""

    moods: list[Exception] = []

    def send_messages(self, messages: Any) -> int:
        if Moody.moods:
            raise Moody.moods.pop(0)
        return super().send_messages(messages)


@pytest.fixture
def moods(settings: Any) -> list[Exception]:
    """What the mail server raises next."""
    settings.EMAIL_BACKEND = f"{__name__}.Moody"
    Moody.moods = []
    return Moody.moods


class Agenda:
    """Who is to try again, and when."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, datetime]] = []

    def __call__(self, letter_id: str, run_after: datetime) -> None:
        self.entries.append((letter_id, run_after))


def ticket(email: str = EMAIL) -> Ticket:
    """A ticket of a moment ago."""
    return Ticket(email, timezone.now() - timedelta(seconds=5), uuid4())


def owed() -> Letter:
    """The mail that a joining owes."""
    given = ticket()
    assert join(given, CHOSEN) is Joined.DONE
    return Letter.objects.get(pk=given.number)


def test_a_member_a_try_a_mail_and_a_task_come_together(shop_data: None) -> None:
    letter = owed()
    member = Member.objects.get(email=EMAIL)
    assert (member.is_active, member.awaits_confirmation) == (False, True)
    assert Joining.objects.get(member=member).pk == letter.pk
    task = DBTaskResult.objects.get(args_kwargs__args=[str(letter.pk)])
    assert task.task_path.endswith("post_letter")


def test_without_its_task_there_is_no_member_either(
    shop_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def enqueue(self, *args: object) -> None:
            raise RuntimeError("the disk is full")

    monkeypatch.setattr(joining_module, "post_letter", Broken())
    with pytest.raises(RuntimeError):
        join(ticket(), CHOSEN)
    assert not Member.objects.filter(email=EMAIL).exists()
    assert not Letter.objects.filter(to=EMAIL).exists()


def test_a_mail_is_sent_once_however_often_it_is_asked_for(
    shop_data: None, moods: list[Exception]
) -> None:
    letter = owed()
    assert [post(str(letter.pk), Agenda()) for _ in range(3)] == ["sent", "nothing", "nothing"]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({EMAIL: (450, b"later")}),
        smtplib.SMTPDataError(451, b"later"),
        smtplib.SMTPAuthenticationError(535, b"who are you"),
        smtplib.SMTPSenderRefused(550, b"not you", "shop@foolscap.example"),
    ],
)
def test_what_may_be_mended_is_tried_again_later(
    shop_data: None, moods: list[Exception], error: Exception
) -> None:
    letter, agenda = owed(), Agenda()
    moods.append(error)
    assert post(str(letter.pk), agenda) == "later"
    ((again, when),) = agenda.entries
    assert again == str(letter.pk)
    assert timezone.now() < when < timezone.now() + timedelta(seconds=DELAYS_SECONDS[0] + 1)
    assert post(str(letter.pk), agenda) == "sent"
    letter.refresh_from_db()
    assert (letter.tries, letter.trouble) == (1, "")


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({EMAIL: (550, b"no such box")}),
        smtplib.SMTPDataError(554, b"no"),
    ],
)
def test_what_the_server_will_never_take_is_given_up_and_kept(
    shop_data: None, moods: list[Exception], error: Exception
) -> None:
    letter, agenda = owed(), Agenda()
    moods.append(error)
    assert post(str(letter.pk), agenda) == "given-up"
    letter.refresh_from_db()
    assert letter.gave_up_at
    assert EMAIL not in letter.trouble
    assert agenda.entries == []


def test_staff_can_have_a_mail_sent_that_was_given_up(
    shop_data: None, moods: list[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, told = owed(), []
    moods.append(smtplib.SMTPDataError(554, b"no"))
    post(str(letter.pk), Agenda())
    DBTaskResult.objects.all().delete()
    desk = LetterAdmin(Letter, admin.site)
    monkeypatch.setattr(desk, "message_user", lambda request, words: told.append(words))
    desk.try_again(HttpRequest(), Letter.objects.filter(pk=letter.pk))
    assert told == ["1 will be sent now."]
    assert DBTaskResult.objects.ready().get().args_kwargs["args"] == [str(letter.pk)]
    assert post(str(letter.pk), Agenda()) == "sent"


def test_tries_have_an_end_after_two_days(shop_data: None, moods: list[Exception]) -> None:
    letter, agenda = owed(), Agenda()
    moods.extend(TimeoutError() for _ in range(100))
    tries = [post(str(letter.pk), agenda) for _ in range(len(DELAYS_SECONDS) + 1)]
    assert tries == ["later"] * len(DELAYS_SECONDS) + ["given-up"]
    assert 1.5 < sum(DELAYS_SECONDS) / 86_400 < 2.5


def test_a_mail_that_is_sent_again_is_known_to_be_the_same(
    shop_data: None, moods: list[Exception]
) -> None:
    letter = owed()
    first, second = message(letter).message(), message(letter).message()
    for name in ("Message-ID", "Date", "Subject", "To"):
        assert first[name] == second[name]


def test_nothing_of_the_visitor_stands_in_a_header(shop_data: None) -> None:
    given = ticket()
    join(given, Chosen("Bcc: everybody", "a goose on a bicycle", "http://shop.test"))
    made = message(Letter.objects.get(pk=given.number)).message()
    assert "everybody" not in str(made.items())
    assert "everybody" not in made.as_string()


def test_a_mail_whose_task_got_lost_is_sent_all_the_same(shop_data: None) -> None:
    letter, agenda = owed(), Agenda()
    remind(agenda, timezone.now())
    assert str(letter.pk) not in dict(agenda.entries)
    remind(agenda, timezone.now() + timedelta(minutes=5))
    assert str(letter.pk) in dict(agenda.entries)


def running(letter: Letter, *workers: str) -> "DBTaskResult[Any, Any]":
    """The task of a mail, as it is while the last of these workers does it."""
    task = DBTaskResult.objects.get(args_kwargs__args=[str(letter.pk)])
    for worker in workers:
        task.claim(worker)
    return task


def test_what_a_dead_worker_did_is_given_back(shop_data: None) -> None:
    task = running(owed(), "dead")
    assert recover() == 1
    task.refresh_from_db()
    assert task.status == "READY"
    assert DBTaskResult.objects.ready().filter(pk=task.pk).exists()


def test_what_a_living_worker_does_is_left_alone(shop_data: None) -> None:
    alive = Presence()
    alive.hold()
    try:
        task = running(owed(), "dead", alive.name)
        assert recover() == 0
    finally:
        alive.lose()
    # Postgres lets go of the lock when it has noticed that the connection is gone.
    assert wait_until(lambda: recover() == 1, 10.0)
    task.refresh_from_db()
    assert task.status == "READY"


def test_what_kills_every_worker_is_given_up(shop_data: None) -> None:
    task = running(owed(), *(f"dead-{n}" for n in range(MOST_LIVES)))
    recover()
    task.refresh_from_db()
    assert task.status == "FAILED"


def test_a_worker_has_a_new_name_after_it_was_lost(shop_data: None) -> None:
    presence = Presence()
    presence.hold()
    before = presence.name
    presence.hold()
    assert presence.name == before
    presence.lose()
    presence.hold()
    assert presence.name != before
    presence.lose()


def test_who_never_confirms_is_forgotten_and_members_stay(shop_data: None) -> None:
    owed()
    members = Member.objects.filter(awaits_confirmation=False).count()
    tidy(timezone.now() + timedelta(days=6))
    assert Member.objects.filter(email=EMAIL).exists()
    tidy(timezone.now() + timedelta(days=8))
    assert not Member.objects.filter(email=EMAIL).exists()
    assert Member.objects.filter(awaits_confirmation=False).count() == members


def test_a_task_comes_to_be_with_its_transaction_and_not_without(shop_data: None) -> None:
    with transaction.atomic():
        post_letter.enqueue("rolled-back")
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.filter(args_kwargs__args=["rolled-back"]).exists()
