"""Removing messages by the admin's hand: the same statement, on Django's own connection."""

from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction

from gateway.chat.bell import ring_from_thread
from gateway.chat.models import Message
from gateway.chat.statements import REMOVE


def remove_all(messages: Iterable[Message]) -> None:
    """Remove ``messages``; when that is committed, all gateways are told."""
    rooms = set()
    with transaction.atomic(), connection.cursor() as cursor:
        for message in messages:
            room = message.room.slug
            cursor.execute(REMOVE, {"room": room, "number": message.number})
            rooms.add(room)
        for room in sorted(rooms):
            transaction.on_commit(partial(ring_from_thread, room))
