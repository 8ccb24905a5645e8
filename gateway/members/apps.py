"""Django's description of this room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The members of the shop."""

    name = "gateway.members"
    label = "members"
    verbose_name = "Members"

    def ready(self) -> None:
        """Connect what must happen when a member signs out, or is changed."""
        from django.contrib.auth.signals import user_logged_out
        from django.db.models.signals import post_save

        from gateway.members.identity import end_all_sessions, forget_members

        user_logged_out.connect(end_all_sessions)
        post_save.connect(forget_members, sender="members.Member")
