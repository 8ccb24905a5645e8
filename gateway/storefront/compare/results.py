"""What a comparison finds, as plain values. Durations are in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One source that was asked: when, for how long; ``reason`` is a word where it failed."""

    name: str
    started: float
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One strategy: its steps in order, and what all of it took. It may not have got to its end."""

    strategy: str
    steps: tuple[Step, ...]
    seconds: float
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of one comparison, and the delay that was added to every source."""

    runs: tuple[Run, ...]
    delay_seconds: float
