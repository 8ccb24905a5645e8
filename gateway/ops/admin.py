"""Changing, in the admin, what gateways do while they run. Each change is judged, and noted."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.ops.changing.forms import FaultSwitchForm, OffForm, SettingForm, SwitchForm
from gateway.ops.changing.noting import switch, switch_back
from gateway.ops.changing.wording import said, said_at_first
from gateway.ops.models import Change, Fault, Setting, SourceOff, Switch
from gateway.telemetry.logs import log


class SwitchAdmin(admin.ModelAdmin):
    """What all of them have in common. To delete one lets it be as it was at the start."""

    form: type[SwitchForm]
    list_display = ["name", "in_force", "at_first", "until", "changed_by", "changed_at", "why"]
    ordering = ["name"]
    actions_on_top = True

    @admin.display(description="now")
    def in_force(self, obj: Switch) -> str:
        """Return what is in force."""
        try:
            return said(self.model.kind_of, obj.value)
        except (TypeError, ValueError):
            return "cannot be read, and is passed over"

    @admin.display(description="without it")
    def at_first(self, obj: Switch) -> str:
        """Return what would be in force without it."""
        return said_at_first(self.model.kind_of, obj.name)

    def get_readonly_fields(self, request: HttpRequest, obj: Switch | None = None) -> list[str]:
        """What a change is about stays."""
        return ["name"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Switch | None = None) -> Any:
        """The name first, as a choice or as it is."""
        return ["name", *self.form.own_fields, "until", "why"]

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        """Write it down, and what follows from it."""
        row = switch(
            self.model.kind_of,
            obj.name,
            form.value(),
            by=who(request),
            until=obj.until,
            why=obj.why,
        )
        obj.pk = row.pk
        _log(request, row, said(self.model.kind_of, form.value()))
        for warning in form.warnings:
            messages.warning(request, warning)
        messages.info(request, "Every gateway does so within two seconds.")

    def delete_model(self, request: HttpRequest, obj: Switch) -> None:
        """Let one be as it was."""
        if switch_back(self.model.kind_of, obj.name, by=who(request)):
            _log(request, obj, self.at_first(obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Switch]) -> None:
        """Let many be as they were, each with its line in the history."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Setting)
class SettingAdmin(SwitchAdmin):
    """Timeouts and fresh times. All other settings need a restart: /ops/ lists them."""

    form = SettingForm


@admin.register(SourceOff)
class SourceOffAdmin(SwitchAdmin):
    """Sources that nobody is to ask for now."""

    form = OffForm


@admin.register(Fault)
class FaultAdmin(SwitchAdmin):
    """Sources that are slow, or fail, on purpose."""

    form = FaultSwitchForm


@admin.register(Change)
class ChangeAdmin(admin.ModelAdmin):
    """The history of all of these. It is read, and never written."""

    list_display = ["at", "by", "kind", "name", "before", "after", "why"]
    list_filter = ["kind", "name"]
    search_fields = ["name", "by", "why"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Change | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Change | None = None) -> bool:
        """Nobody."""
        return False


def _log(request: HttpRequest, row: Switch, after: str) -> None:
    log.warning(
        "switch.changed", member_id=request.user.pk, kind=row.kind, name=row.name, after=after
    )


def who(request: HttpRequest) -> str:
    """Return who changes something, as the history names them."""
    member: Any = request.user
    return f"{member.name} (member {member.pk})"
