"""Django's description of this room."""

import logging

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """The shop's chat rooms."""

    name = "gateway.chat"
    label = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        """Keep the channel layer quiet: it writes a traceback a second while Redis is away.

        What that means for the chat is told once, by ``bell``.
        """
        logging.getLogger("channels_redis.pubsub").setLevel(logging.CRITICAL)
