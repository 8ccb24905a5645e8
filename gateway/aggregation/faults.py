"""Rule of faults on purpose: which calls are held up, and which are made to fail.

After Envoy's fault filter: a delay and an abort, each for a percentage of the calls, drawn apart.
"""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class FaultRule:
    """What is done to the calls of one source. Percentages are from 0 to 100.

    Raises ``ValueError`` for what is no percentage or no duration.
    """

    delay_seconds: float = 0.0
    delay_percent: float = 0.0
    abort_percent: float = 0.0

    def __post_init__(self) -> None:
        for percent in (self.delay_percent, self.abort_percent):
            if not 0 <= percent <= 100:
                raise ValueError("A percentage must lie between 0 and 100.")
        if not 0 <= self.delay_seconds < math.inf:
            raise ValueError("A delay must be a number of seconds, 0 or more.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to one call."""

    delay_seconds: float
    aborts: bool


def draw(rule: FaultRule, random: Random) -> Fault:
    """Return what ``rule`` does to the next call."""
    delayed = random.random() * 100 < rule.delay_percent
    aborts = random.random() * 100 < rule.abort_percent
    return Fault(rule.delay_seconds if delayed else 0.0, aborts)
