"""This process: what it is called, since when it runs, what it has heard, who keeps its door."""

import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Protocol

from gateway.telemetry.listeners import recent, troubles
from gateway.telemetry.recent import Recent
from gateway.telemetry.troubles import Troubles


class Doorkeeper(Protocol):
    """What is to be known of the door (``gateway/web/admission.py``)."""

    inside: int

    @property
    def limit(self) -> int: ...


@dataclass
class Ourselves:
    """``id`` is a name that no other gateway has, and this one only until it ends."""

    host: str = field(default_factory=socket.gethostname)
    process: int = field(default_factory=os.getpid)
    began: float = field(default_factory=time.time)
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    door: Doorkeeper | None = None
    recent: Recent = field(default_factory=lambda: recent)
    troubles: Troubles = field(default_factory=lambda: troubles)

    @property
    def id(self) -> str:
        """Return the name under which it is known to the other gateways."""
        return f"{self.host}-{self.process}-{self.mark}"


ourselves = Ourselves()
