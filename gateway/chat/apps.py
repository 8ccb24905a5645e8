"""Django's description of this room."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """The shop's chat rooms."""

    name = "gateway.chat"
    label = "chat"
    verbose_name = "Chat"
