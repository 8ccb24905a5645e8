"""Django's description of this room."""

from django.apps import AppConfig
from django.core.checks import register


class ContractsConfig(AppConfig):
    """What the pages need of each source, checked against whoever provides it."""

    name = "gateway.contracts"
    label = "contracts"
    verbose_name = "Contracts"

    def ready(self) -> None:
        """Register the check of all fallbacks; end the start at once for one of a service's.

        Raises ``SystemExit`` with one sentence for each that is not what its source may say.
        """
        from gateway.contracts.checks import complaint, fallbacks_fulfil_their_types
        from gateway.contracts.services import CONTRACTS

        if said := [each for each in (complaint(c.endpoint) for c in CONTRACTS) if each]:
            raise SystemExit("\n".join(said))
        register(fallbacks_fulfil_their_types)
