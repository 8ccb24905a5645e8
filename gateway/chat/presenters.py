"""Plain values for the chat's templates."""

from typing import Any

from gateway.aggregation.compose import Composition
from gateway.aggregation.source import Reply
from gateway.chat.identity import Account
from gateway.chat.models import MOST_TEXT_BYTES
from gateway.chat.plan import Line, RoomCard
from gateway.chat.store import SHOWN


def present_rooms(page: Composition) -> dict[str, Any]:
    """Return what the list of rooms shows."""
    return {"rooms": [_card(room) for room in _value(page, "rooms")]}


def present_room(page: Composition) -> dict[str, Any]:
    """Return what a room's page shows. There must be a room."""
    lines: tuple[Line, ...] = _value(page, "messages")
    return {
        "room": _card(_value(page, "room")),
        "lines": [_line(line) for line in lines],
        # Without a message there is nothing that could be missed.
        "last_seen": lines[0].changes if lines else 0,
        "may_remove": may_remove(page),
        "most_text_bytes": MOST_TEXT_BYTES,
        "shown": SHOWN,
    }


def has_room(page: Composition) -> bool:
    """Whether the page's room exists, and is open."""
    return _value(page, "room") is not None


def may_remove(page: Composition) -> bool:
    """Whether the visitor is of the staff; where nobody can tell, they are not."""
    account: Account | None = _value(page, "account")
    return account is not None and account.is_staff


def _value(page: Composition, fragment: str) -> Any:
    outcome = page.outcomes[fragment]
    return outcome.value if isinstance(outcome, Reply) else None


def _card(room: RoomCard) -> dict[str, str]:
    return {"slug": room.slug, "title": room.title, "topic": room.topic}


def _line(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "name": line.author_name,
        "kind": line.author_kind,
        "text": line.text,
        "datetime": line.sent_at.isoformat(),
        "time": f"{line.sent_at:%H:%M} UTC",
    }
