"""Django's description of this room."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Gift certificates and manuscripts."""

    name = "gateway.documents"
    label = "documents"
    verbose_name = "Documents"
