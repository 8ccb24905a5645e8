"""Manuscripts in the admin: to be read and deleted, not to be changed."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gateway.documents.manuscripts import ledger
from gateway.documents.models import Manuscript


@admin.register(Manuscript)
class ManuscriptAdmin(admin.ModelAdmin):
    """What has arrived, and what is on its way."""

    list_display = ["name", "kind", "length", "received", "owner", "created_at", "file"]
    list_filter = ["kind", "created_at"]
    search_fields = ["name"]

    @admin.display(description="File")
    def file(self, manuscript: Manuscript) -> SafeString | str:
        """A link to what has arrived."""
        if not manuscript.finished:
            return "on its way"
        return format_html('<a href="/manuscripts/{}">Read</a>', manuscript.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Manuscript | None = None) -> bool:
        """Nobody changes one."""
        return False

    def delete_model(self, request: HttpRequest, obj: Manuscript) -> None:
        """Delete one, and its bytes."""
        ledger.forget(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Manuscript]) -> None:
        """Delete some, and their bytes."""
        for manuscript in queryset:
            ledger.forget(manuscript.pk)
