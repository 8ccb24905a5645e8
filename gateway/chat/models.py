"""Rooms, and what was said in them of late.

Every change in a room, a message or a removal, has a number of the room's own counter. It is drawn
in the transaction that makes the change, under a lock on the room: whoever has seen number seven
and asks for what came later misses nothing, for no lower number can appear any more.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

MOST_TEXT_BYTES = 4_096
KEPT = 500
"""How many changes of a room stay in the database."""

SLUG_LENGTH = 40
NAME_LENGTH = 80
CLIENT_ID_LENGTH = 64


class Room(models.Model):
    """A place to talk about one thing."""

    slug = models.SlugField(max_length=SLUG_LENGTH, unique=True, help_text="Its address.")
    title = models.CharField(max_length=NAME_LENGTH)
    topic = models.CharField(
        max_length=200, blank=True, help_text="One sentence on what it is for."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower ones come first.")
    is_open = models.BooleanField(default=True, help_text="A closed room is nowhere to be found.")
    changes = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """What somebody said. One that was removed keeps its place, without its text, for a while.

    ``number`` names it within its room; ``change`` is the number of its latest change.
    """

    class Kind(models.TextChoices):
        """Who said it."""

        MEMBER = "member", "member"
        GUEST = "guest", "guest"
        STAFF = "staff", "staff"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    number = models.BigIntegerField(editable=False)
    change = models.BigIntegerField(editable=False)
    author_key = models.CharField(max_length=60, editable=False)
    author_name = models.CharField(max_length=NAME_LENGTH, editable=False)
    author_kind = models.CharField(max_length=6, choices=Kind.choices, editable=False)
    text = models.TextField(editable=False)
    client_id = models.CharField(
        max_length=CLIENT_ID_LENGTH,
        editable=False,
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$")],
        help_text="The author's own name for it: sent twice, it is still one message.",
    )
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-room", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="chat_message_number"),
            models.UniqueConstraint(
                fields=["room", "author_key", "client_id"], name="chat_message_once"
            ),
        ]
        indexes = [models.Index(fields=["room", "change"], name="chat_message_change")]

    def __str__(self) -> str:
        return self.text[:60]
