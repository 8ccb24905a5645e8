"""The stand-ins as a process."""

from tests.standins.running import standins

__all__ = ["standins"]
