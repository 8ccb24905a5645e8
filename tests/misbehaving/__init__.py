"""An upstream that can do everything wrong, one named behaviour each.

``BEHAVIOURS`` maps each name to what a connection then does; ``MisbehavingUpstream`` serves one of
them. Two faults need no server: ``refusing_port`` and ``unanswering_port``.
"""

from . import floods, framing, payloads, silence
from .server import MisbehavingUpstream, refusing_port, unanswering_port
from .silence import alternate
from .wire import GOOD_BODY, GOOD_VALUE, Behaviour

BEHAVIOURS: dict[str, Behaviour] = {
    **silence.BEHAVIOURS,
    **framing.BEHAVIOURS,
    **floods.BEHAVIOURS,
    **payloads.BEHAVIOURS,
}

__all__ = [
    "BEHAVIOURS",
    "GOOD_BODY",
    "GOOD_VALUE",
    "Behaviour",
    "MisbehavingUpstream",
    "alternate",
    "refusing_port",
    "unanswering_port",
]
