"""Members in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from gateway.members.models import Member


@admin.register(Member)
class MemberAdmin(UserAdmin):
    """Django's own user pages, with an address where they expect a name."""

    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "name"]
    readonly_fields = ["joined_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "May",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Since", {"fields": ["joined_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["email", "name", "password1", "password2"]}),
    ]
