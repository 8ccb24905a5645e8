"""The mailbox: takes every mail that the shop sends, and sends none on."""

from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

MOST_MAILS = 200
MOST_BYTES = 20_000_000
MOST_BYTES_OF_ONE = 1_000_000
MOST_RECIPIENTS = 100


@dataclass(frozen=True)
class Mail:
    """One mail: who it was handed over for, and what it says. ``number`` counts from 1."""

    number: int
    received: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    bytes: int

    def document(self) -> dict[str, Any]:
        """The mail as plain values for JSON: ``from`` and ``to`` go by their usual names."""
        values = asdict(self)
        return {"from": values.pop("sender"), "to": values.pop("recipients"), **values}


class Mailbox:
    """Keeps the newest mails, of bounded number and size, and is aiosmtpd's handler as well."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque()
        self._bytes = 0
        self._number = 0

    def mails(self, recipient: str = "") -> list[Mail]:
        """The mails, newest first; with ``recipient``, those for that address alone."""
        wanted = recipient.strip().casefold()
        return [mail for mail in reversed(self._mails) if not wanted or _is_for(mail, wanted)]

    def empty(self, recipient: str = "") -> int:
        """Forget what ``mails`` gives; how many these were."""
        gone = self.mails(recipient)
        self._mails = deque(mail for mail in self._mails if mail not in gone)
        self._bytes = sum(mail.bytes for mail in self._mails)
        return len(gone)

    def put(self, sender: str, recipients: tuple[str, ...], content: bytes) -> Mail:
        """Keep a mail, and forget the oldest ones if there is no room for it."""
        self._number += 1
        mail = _read(self._number, sender, recipients, content)
        self._mails.append(mail)
        self._bytes += mail.bytes
        while len(self._mails) > MOST_MAILS or self._bytes > MOST_BYTES:
            self._bytes -= self._mails.popleft().bytes
        return mail

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, whoever it is, but not without end."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Take a mail."""
        content = cast(bytes, envelope.original_content or envelope.content)
        self.put(str(envelope.mail_from or ""), tuple(envelope.rcpt_tos), content)
        return "250 2.0.0 Kept, and not sent on"


def _is_for(mail: Mail, wanted: str) -> bool:
    return any(recipient.casefold() == wanted for recipient in mail.recipients)


def _read(number: int, sender: str, recipients: tuple[str, ...], content: bytes) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    headers = _headers(message)
    return Mail(
        number=number,
        received=datetime.now(UTC).isoformat(timespec="seconds"),
        sender=_sound(sender),
        recipients=tuple(_sound(each) for each in recipients),
        subject=headers.get("Subject", ""),
        headers=headers,
        text=_part(message, "plain"),
        html=_part(message, "html"),
        bytes=len(content),
    )


def _headers(message: EmailMessage) -> dict[str, str]:
    """The headers that can be read; those of a stranger's making may raise anything."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(message.keys()):
        try:
            found[name.title()] = _sound(str(message[name]))
        except Exception as exc:  # noqa: BLE001 - the parser raises what it likes
            found[name.title()] = f"(cannot be read: {type(exc).__name__})"
    return found


def _part(message: EmailMessage, kind: str) -> str:
    try:
        body = message.get_body((kind,))
        return _sound(str(body.get_content())) if body is not None else ""
    except Exception as exc:  # noqa: BLE001 - an unknown charset, a broken encoding, anything
        return f"(cannot be read: {type(exc).__name__})"


def _sound(text: str) -> str:
    """Text that any encoder takes: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
