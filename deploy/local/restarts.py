"""When a part that died is started again: plain rules, no clock of their own."""

from dataclasses import dataclass

FAST_SECONDS = 10.0
MOST_FAST_DEATHS = 5
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 8.0


@dataclass(frozen=True)
class Deaths:
    """How often a part died young, one time after the other."""

    in_a_row: int = 0

    def after(self, lived_seconds: float) -> "Deaths":
        """The record after one more death; a life of ``FAST_SECONDS`` clears what was before."""
        return Deaths(self.in_a_row + 1 if lived_seconds < FAST_SECONDS else 1)

    @property
    def hopeless(self) -> bool:
        """Whether starting it once more makes no sense."""
        return self.in_a_row >= MOST_FAST_DEATHS

    @property
    def delay_seconds(self) -> float:
        """How long to wait before the next start: doubled each time, up to a bound."""
        doubled = FIRST_DELAY_SECONDS * 2.0 ** max(0, self.in_a_row - 1)
        return min(doubled, LONGEST_DELAY_SECONDS)
