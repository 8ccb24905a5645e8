"""Django's description of this room."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """Books, authors and the home page."""

    name = "gateway.storefront"
    label = "storefront"
    verbose_name = "Storefront"
