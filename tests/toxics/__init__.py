"""A TCP proxy that spoils what passes through it, with the eight toxics of toxiproxy.

with ToxicProxy(("127.0.0.1", 6379)) as proxy:
    client = connect(proxy.port)
    with proxy.poisoned(Latency(seconds=0.2)):
        ...  # everything takes 0.2 s longer

``toxics.py`` says what each of them does.
"""

from .proxy import Address
from .threaded import ToxicProxy
from .toxics import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

__all__ = [
    "Address",
    "Bandwidth",
    "Direction",
    "Down",
    "Latency",
    "LimitData",
    "ResetPeer",
    "Slicer",
    "SlowClose",
    "Timeout",
    "Toxic",
    "ToxicProxy",
]
