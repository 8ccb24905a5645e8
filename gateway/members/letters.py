"""Mails: what they say, and how each is handed over to the mail server exactly once, if it can be.

A mail is marked as sent right after the server has taken it, in a transaction that holds its row
all the while; if Postgres went away meanwhile, as soon as it is back. So it is sent once, by one
worker, as long as that one lives. If it dies between the server's word and the mark (some
milliseconds), the mail is sent again: SMTP allows no better, and the other choice would lose it.
Both copies have the same Message-ID and Date, by which mail programs know that they are one.
"""

import smtplib
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from gateway.members.models import Letter
from gateway.members.tickets import LINK_SECONDS, link_token
from gateway.members.wording import name_for_mail
from gateway.telemetry.logs import log

DELAYS_SECONDS = (5, 15, 60, 300, 900, 1800, 3600, *(14_400 for _ in range(11)))
"""How long to wait after each try that failed: two days in all; then a person has to look."""

MARKING_PAUSES_SECONDS = (0.0, 0.2, 1.0, 3.0, 10.0)
"""How long to wait for Postgres with what must be written down, each time."""

_SUBJECTS = {
    Letter.Kind.WELCOME: "Welcome to Foolscap: one thing is left",
    Letter.Kind.ALREADY: "You are a member of Foolscap already",
}
_HOPELESS = range(500, 600)
"""Replies of a mail server (RFC 5321, 4.2.1) that would be the same the next time."""

Again = Callable[[str, datetime], None]


def post(letter_id: str, again: Again) -> str:
    """Send the mail, if it is still owed; put it off, by ``again``, if it cannot be sent now.

    Return ``sent``, ``later``, ``given-up``, or ``nothing`` where it was sent before, is being sent
    by another worker, or is not wanted any more.
    """
    server = get_connection()
    taken = False
    try:
        with transaction.atomic():
            letter = _owed(letter_id)
            if letter is None:
                return "nothing"
            try:
                server.open()
                server.send_messages([message(letter)])
            except (smtplib.SMTPException, OSError) as error:
                return _put_off(letter, error, again)
            taken = True
            _mark(letter_id)
    except DatabaseError:
        if not taken:
            raise
        _mark_after_all(letter_id)
    finally:
        # The mail is sent or not by now, whatever the server says to our goodbye.
        with suppress(smtplib.SMTPException, OSError):
            server.close()
    return "sent"


def message(letter: Letter) -> EmailMultiAlternatives:
    """Return the mail itself, the same each time. Its subject and headers are words of ours."""
    said = _said(letter)
    sender = settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=_SUBJECTS[Letter.Kind(letter.kind)],
        body=render_to_string(f"members/mail/{letter.kind}.txt", said),
        from_email=sender,
        to=[letter.to],
        headers={
            "Message-ID": f"<{letter.pk}@{domain}>",
            "Date": format_datetime(letter.created_at),
            # RFC 3834: nobody's holiday message shall answer it.
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string(f"members/mail/{letter.kind}.html", said), "text/html")
    return mail


def remind(again: Again, now: datetime, patience: timedelta = timedelta(minutes=1)) -> int:
    """Have those mails sent that should have been long ago, and whose task got lost; how many."""
    late = Letter.objects.filter(sent_at=None, gave_up_at=None, due_at__lt=now - patience)
    with transaction.atomic():
        letters = list(late.select_for_update(skip_locked=True)[:100])
        for letter in letters:
            letter.due_at = now
            letter.save(update_fields=["due_at"])
            again(str(letter.pk), now)
    return len(letters)


def _mark(letter_id: str) -> None:
    Letter.objects.filter(pk=letter_id).update(sent_at=timezone.now(), trouble="")


def _mark_after_all(letter_id: str) -> None:
    """Mark a mail that was taken while our connection to Postgres broke: we still know of it."""
    for pause in MARKING_PAUSES_SECONDS:
        connection.close()
        time.sleep(pause)
        with suppress(DatabaseError):
            _mark(letter_id)
            return
    log.error("mail.sent-and-not-marked", letter=letter_id)


def _owed(letter_id: str) -> Letter | None:
    return (
        Letter.objects.select_related("joining")
        .select_for_update(of=("self",), skip_locked=True)
        .filter(pk=letter_id, sent_at=None, gave_up_at=None)
        .first()
    )


def _said(letter: Letter) -> dict[str, str | int]:
    said: dict[str, str | int] = {
        "shop": f"{letter.origin}/",
        "days": LINK_SECONDS // 86_400,
        "to": letter.to,
    }
    if letter.joining is None:
        return said | {"link": letter.origin + reverse("signin")}
    path = reverse("join-open", args=[link_token(letter.joining.pk)])
    return said | {"link": letter.origin + path, "name": name_for_mail(letter.joining.name)}


def _put_off(letter: Letter, error: Exception, again: Again) -> str:
    letter.trouble = _trouble(error)
    hopeless = _is_hopeless(error) or letter.tries >= len(DELAYS_SECONDS)
    if hopeless:
        letter.gave_up_at = timezone.now()
    else:
        letter.due_at = timezone.now() + timedelta(seconds=DELAYS_SECONDS[letter.tries])
        again(str(letter.pk), letter.due_at)
    letter.tries += 1
    letter.save(update_fields=["trouble", "gave_up_at", "due_at", "tries"])
    tell = log.error if hopeless else log.warning
    tell("mail.given-up" if hopeless else "mail.put-off", letter=str(letter.pk), why=letter.trouble)
    return "given-up" if hopeless else "later"


def _is_hopeless(error: Exception) -> bool:
    """Whether the server will not have this mail. That it will not have *us* may be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _HOPELESS for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _HOPELESS


def _trouble(error: Exception) -> str:
    """Return what went wrong, without what the server said: that may name the address."""
    codes = [getattr(error, "smtp_code", None)]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    return " ".join([type(error).__name__, *(str(code) for code in codes if code)])
