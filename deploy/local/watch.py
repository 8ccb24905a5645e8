"""Keeping the parts alive: a part that dies is started again, within bounds."""

from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import StartError
from deploy.local.parts import Part
from deploy.local.restarts import Deaths

LOG_BYTES = 5_000_000


class Watched:
    """One part with its record. ``look`` does what is due now and never waits."""

    def __init__(self, part: Part, say: Callable[[str], None], now: float) -> None:
        self.part = part
        self._say = say
        self._deaths = Deaths()
        self._started_at = now
        self._start_again_at: float | None = None
        self._coming_back = False

    def look(self, now: float) -> None:
        """Start it again if it died and its wait is over. Raises StartError when it is hopeless."""
        bound_log(self.part.log)
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self._start(now)
        elif self.part.exit_code() is not None:
            self._note_death(now)
        elif self._coming_back and self._is_back():
            self._coming_back = False
            self._say(f"{self.part.name} is back.")

    def _start(self, now: float) -> None:
        self._start_again_at = None
        self._started_at = now
        self._coming_back = True
        self.part.launch()

    def _note_death(self, now: float) -> None:
        self._deaths = self._deaths.after(now - self._started_at)
        how = f"{self.part.name} ended unasked (exit code {self.part.exit_code()})"
        if self._deaths.hopeless and self.part.vital:
            times = self._deaths.in_a_row
            raise StartError(f"{how}, {times} times in a row; giving up.", self.part.log)
        delay = self._deaths.delay_seconds
        self._say(f"{how}; starting it again in {delay:g} s. Its log: {self.part.log}")
        self._start_again_at = now + delay

    def _is_back(self) -> bool:
        try:
            return self.part.ready()
        except StartError:  # dead again: the next look sees it
            return False


def bound_log(log: Path) -> None:
    """Cut a log that has grown too long; its end stays in ``NAME.log.1`` until the next cut."""
    try:
        if log.stat().st_size <= LOG_BYTES:
            return
        log.with_name(f"{log.name}.1").write_bytes(log.read_bytes()[-LOG_BYTES:])
        # Its writer appends, so it goes on at the new end.
        with log.open("r+b") as file:
            file.truncate(0)
    except OSError:  # no log yet, or a full disk: the part's work goes on
        return
