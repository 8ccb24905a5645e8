"""Django's description of this room."""

from django.apps import AppConfig


class GiftwrapConfig(AppConfig):
    """Work that takes a while, begun at once and watched live."""

    name = "gateway.giftwrap"
    label = "giftwrap"
    verbose_name = "Gift wrapping"
