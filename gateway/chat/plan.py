"""The pages of the chat: what each is made of, where it comes from, and its limits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import F, QuerySet

from gateway.aggregation.compose import Fragment, Plan
from gateway.chat.identity import ACCOUNT
from gateway.chat.models import Message, Room
from gateway.chat.store import SHOWN
from gateway.sources.orm import Query

MOST_ROOMS = 50
Args = Mapping[str, Any]


class RoomCard(msgspec.Struct, frozen=True):
    """A room, as the list of them shows it."""

    slug: str
    title: str
    topic: str


class Line(msgspec.Struct, frozen=True):
    """A message on a page. ``changes`` is the number of the room's last change at that moment."""

    number: int
    author_name: str
    author_kind: str
    text: str
    sent_at: datetime
    changes: int


def _rooms(args: Args) -> "QuerySet[Room, Any]":
    return _cards().order_by("position", "title")[:MOST_ROOMS]


def _room(args: Args) -> "QuerySet[Room, Any]":
    return _cards().filter(slug=args["room"])


def _cards() -> "QuerySet[Room, Any]":
    return Room.objects.filter(is_open=True).values("slug", "title", "topic")


def _lines(args: Args) -> Any:
    """Return the last messages, newest first, and where the room stood: both of one moment."""
    found = Message.objects.filter(
        room__slug=args["room"], room__is_open=True, removed_at__isnull=True
    )
    fields = ("number", "author_name", "author_kind", "text", "sent_at")
    return found.order_by("-number").values(*fields, changes=F("room__changes"))[:SHOWN]


def _all(rows: Sequence[Any], args: Args) -> tuple[Any, ...]:
    return tuple(rows)


def _only(rows: Sequence[RoomCard], args: Args) -> RoomCard | None:
    return rows[0] if rows else None


def _in_order(rows: Sequence[Line], args: Args) -> tuple[Line, ...]:
    return tuple(reversed(rows))


ROOMS = Query(
    name="chat-rooms",
    select=_rooms,
    row=RoomCard,
    shape=_all,
    payload=tuple[RoomCard, ...],
    timeout="BOOKS_TIMEOUT_SECONDS",
)

ROOM = Query(
    name="chat-room",
    asks=("room",),
    select=_room,
    row=RoomCard,
    shape=_only,
    payload=RoomCard | None,
    timeout="BOOKS_TIMEOUT_SECONDS",
)

LINES = Query(
    name="chat-lines",
    asks=("room",),
    select=_lines,
    row=Line,
    shape=_in_order,
    payload=tuple[Line, ...],
    timeout="BOOKS_TIMEOUT_SECONDS",
)

ROOM_LIST = Plan(
    name="chat",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("rooms", ROOMS, primary=True),),
)

ROOM_PAGE = Plan(
    name="chat-room",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(
        Fragment("room", ROOM, primary=True),
        Fragment("messages", LINES, primary=True),
        Fragment("account", ACCOUNT),
    ),
)
