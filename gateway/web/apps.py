"""Django's description of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates and static files that all pages share."""

    name = "gateway.web"
    label = "web"

    def ready(self) -> None:
        """Connect what must happen when Django connects to Postgres."""
        from django.db.backends.signals import connection_created

        from gateway.sources.django_sql import record_statements

        connection_created.connect(record_statements)
