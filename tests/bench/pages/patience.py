"""Ours where a source takes two seconds: by its own limits it gives that source up earlier.

So it is there twice: as it is served, and with limits under which it would wait for the source, as
its peers do.
"""

from dataclasses import replace
from functools import partial

from tests.bench.pages import ours
from tests.bench.pages.contenders import COLD, SERVERS, Contender, gateway

AS_SERVED = tuple(
    Contender(
        f"{COLD.format(server)}, limits as served",
        f"served-{server}",
        partial(gateway, server=server, told=ours.NOTHING_KEPT),
        may_lack=True,
    )
    for server in SERVERS
)


def patient(contender: Contender) -> Contender:
    """Return ``contender`` with limits under which it waits for the slow source; peers as is."""
    for server in SERVERS:
        if contender.name == COLD.format(server):
            start = partial(gateway, server=server, told={**ours.NOTHING_KEPT, **ours.PATIENT})
            return replace(contender, start=start)
    return contender
