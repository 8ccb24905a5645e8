"""Rooms and messages in the admin. A message can be read and removed, not written."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.chat.models import Message, Room
from gateway.chat.removing import remove_all

SHOWN = ("room", "author_name", "author_kind", "author_key", "text", "sent_at")


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    """Rooms, in the order in which the shop shows them."""

    list_display = ["title", "slug", "topic", "position", "is_open"]
    list_editable = ["position", "is_open"]
    search_fields = ["title", "topic"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """What was said of late. To delete a message here removes it for all, at once."""

    list_display = ["short", "author_name", "author_kind", "room", "sent_at"]
    list_filter = ["room", "author_kind", "sent_at"]
    search_fields = ["text", "author_name"]
    list_select_related = ["room"]
    fields = SHOWN
    readonly_fields = SHOWN
    ordering = ["-sent_at"]

    @admin.display(description="message")
    def short(self, message: Message) -> str:
        """Return the beginning of what was said."""
        return str(message)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Leave out what has been removed."""
        return super().get_queryset(request).filter(removed_at__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody speak from here."""
        return False

    def delete_model(self, request: HttpRequest, obj: Message) -> None:
        """Remove one."""
        remove_all([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Remove many."""
        remove_all(queryset.select_related("room"))
