"""Django's description of this room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The members of the shop."""

    name = "gateway.members"
    label = "members"
    verbose_name = "Members"

    def ready(self) -> None:
        """Connect what must happen when a member signs in or out, or is changed."""
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.db.models.signals import post_save

        from gateway.members.identity import end_all_sessions, forget_members, note_staff

        user_logged_in.connect(note_staff)
        user_logged_out.connect(end_all_sessions)
        post_save.connect(forget_members, sender="members.Member")
