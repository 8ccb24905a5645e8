"""Django's description of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates and static files that all pages share."""

    name = "gateway.web"
    label = "web"
