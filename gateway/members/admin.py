"""Members in the admin, and the mails that they are owed."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from gateway.members.models import Letter, Member
from gateway.members.tasks import post_letter


@admin.register(Member)
class MemberAdmin(UserAdmin):
    """Django's own user pages, with an address where they expect a name."""

    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    list_filter = ["is_staff", "is_active", "awaits_confirmation"]
    search_fields = ["email", "name"]
    readonly_fields = ["joined_at", "last_login", "awaits_confirmation"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "May",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Since", {"fields": ["joined_at", "last_login", "awaits_confirmation"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["email", "name", "password1", "password2"]}),
    ]


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    """Mails: whether they were sent, and what was the trouble. Nobody writes them by hand."""

    list_display = ["to", "kind", "created_at", "sent_at", "tries", "trouble", "gave_up_at"]
    list_filter = ["kind", ("sent_at", admin.EmptyFieldListFilter), "gave_up_at"]
    search_fields = ["to"]
    actions = ["try_again"]

    @admin.action(description="Try again to send those that are not sent", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: "QuerySet[Letter]") -> None:
        """Begin anew with mails that were given up, or that wait for their next try."""
        with transaction.atomic():
            unsent = list(queryset.filter(sent_at=None).select_for_update())
            for letter in unsent:
                letter.tries, letter.gave_up_at, letter.due_at = 0, None, timezone.now()
                letter.save(update_fields=["tries", "gave_up_at", "due_at"])
                post_letter.enqueue(str(letter.pk))
        self.message_user(request, f"{len(unsent)} will be sent now.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Letter | None = None) -> list[str]:
        """All."""
        return [field.name for field in Letter._meta.fields]
