"""Django's description of this room."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """What staff switch while the shop is open."""

    name = "gateway.ops"
    label = "ops"
    verbose_name = "Operations"
