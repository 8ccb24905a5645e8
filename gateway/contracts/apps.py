"""Django's description of this room."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """What the pages need of each source, checked against whoever provides it."""

    name = "gateway.contracts"
    label = "contracts"
    verbose_name = "Contracts"
