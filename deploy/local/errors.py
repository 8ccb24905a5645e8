"""The one error of a local start, and what a person reads of it."""

from pathlib import Path

TAIL_LINES = 12
TAIL_BYTES = 16_384


class StartError(Exception):
    """Something cannot be started or kept running.

    ``message`` is one sentence for a person. ``log``, if given, is the file that tells more; its
    last lines are shown below the sentence.
    """

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.log = log

    def __str__(self) -> str:
        lines = tail(self.log) if self.log else []
        if not lines:
            return self.message
        shown = "\n".join(f"    {line}" for line in lines)
        return f"{self.message}\n  The last lines of {self.log}:\n{shown}"


class AlreadyRunning(StartError):
    """Another start holds the folder."""


def tail(log: Path, lines: int = TAIL_LINES) -> list[str]:
    """The last ``lines`` lines of a log file, empty if there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]
