"""What is said over the WebSocket: JSON texts. ``docs/chat.md`` explains it to others."""

from datetime import datetime
from enum import IntEnum
from typing import Annotated

import msgspec

from gateway.chat.models import CLIENT_ID_LENGTH, MOST_TEXT_BYTES
from gateway.chat.text import can_be_seen, cleaned

VERSION = 1


class Close(IntEnum):
    """Why a connection is closed, by us. RFC 6455, 7.4.1 and 7.4.2."""

    NOT_TEXT = 1003
    FLOOD = 1008
    TOO_LARGE = 1009
    TRY_AGAIN = 1013
    """The visitor does not keep up, or we cannot serve now."""
    UNKNOWN_VERSION = 4400
    SIGNED_OUT = 4401
    NO_SUCH_ROOM = 4404
    TOO_MANY = 4429


class Ending(Exception):
    """The connection is to be closed with ``code``, for ``reason``, a sentence."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Mistake(Exception):
    """What was sent cannot be done. ``code`` is a word for programs, ``sentence`` for people."""

    def __init__(self, code: str, sentence: str, client_id: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.client_id = client_id
        self.retry_after: float | None = None


# --- What a client sends -----------------------------------------------------------------------

ClientId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]+\Z", max_length=CLIENT_ID_LENGTH)]


class Say(msgspec.Struct, frozen=True, tag="say"):
    """Say something. ``client_id`` is the client's name for it: sent twice, it is said once."""

    text: str
    client_id: ClientId | None = None


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Ask for a sign of life."""


Command = Say | Ping


# --- What a server sends -----------------------------------------------------------------------


class You(msgspec.Struct, frozen=True):
    """Who the server takes the client for. ``kind`` is member, guest or staff."""

    name: str
    kind: str


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The first thing that is sent."""

    room: str
    you: You
    most_text_bytes: int = MOST_TEXT_BYTES
    version: int = VERSION


class Said(msgspec.Struct, frozen=True, tag="message"):
    """A message. ``change`` is what a client keeps as the last that it has seen."""

    id: int
    change: int
    name: str
    kind: str
    text: str
    sent_at: datetime


class Removed(msgspec.Struct, frozen=True, tag="removed"):
    """A message is gone."""

    id: int
    change: int


class History(msgspec.Struct, frozen=True, tag="history"):
    """What was said, up to ``last_seen``: all since the client's, or the last fifty.

    ``replaces`` tells a client to forget what it shows. ``gap`` says that between that and these
    there was more.
    """

    messages: tuple[Said, ...]
    removed: tuple[int, ...]
    last_seen: int
    replaces: bool
    gap: bool


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """What the client named ``client_id`` is said, and safe."""

    client_id: str
    id: int


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Whether messages come at once. If not, they come some seconds late."""

    live: bool
    sentence: str


class Problem(msgspec.Struct, frozen=True, tag="error", omit_defaults=True):
    """Something could not be done. ``retry_after`` is in seconds."""

    code: str
    sentence: str
    client_id: str | None = None
    retry_after: float | None = None


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """A sign of life."""


Change = Said | Removed

_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode


def encoded(event: msgspec.Struct) -> str:
    """Return the text that is sent for ``event``."""
    return _encode(event).decode()


def command_of(text: str) -> Command:
    """Return what a client wants; what it says is cleaned.

    Raises ``Mistake`` for what is no command or says nothing, ``Ending`` for what is too large.
    """
    try:
        command = _decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        if len(text.encode(errors="replace")) > MOST_TEXT_BYTES:
            raise too_large() from error
        raise Mistake("malformed", "That is no message of this protocol.") from error
    return _judged(command) if isinstance(command, Say) else command


def _judged(said: Say) -> Say:
    try:
        size = len(said.text.encode())
    except UnicodeEncodeError as error:  # half of a pair: JSON can write it, Unicode cannot
        raise Mistake("malformed", "That is no text.", said.client_id) from error
    if size > MOST_TEXT_BYTES:
        raise too_large()
    text = cleaned(said.text)
    if not can_be_seen(text):
        raise Mistake("empty", "There is nothing to see in that message.", said.client_id)
    return Say(text, said.client_id)


def too_large() -> Ending:
    """Return the end of a connection on which somebody sent too much at once."""
    return Ending(Close.TOO_LARGE, f"A message may have {MOST_TEXT_BYTES} bytes.")
