"""The table of what the page did, printed when the tests are over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One fault: what the page answered, how long it took, how soon it was whole again."""

    fault: str
    status: int
    states: str
    seconds: float
    back_seconds: float | None
    megabytes: float
    broken: tuple[str, ...]


ROWS: list[Row] = []
_WIDTHS = (46, 6, 44, 7, 7, 7)
_TITLES = ("fault", "status", "state;reason", "s", "back s", "+MB")


def lines() -> list[str]:
    """Return the table, a line for each fault."""
    return [_line(_TITLES), *(_line(_cells(row)) + _verdict(row) for row in ROWS)]


def _cells(row: Row) -> tuple[str, ...]:
    back = "-" if row.back_seconds is None else f"{row.back_seconds:.2f}"
    figures = (f"{row.seconds:.2f}", back, f"{row.megabytes:.1f}")
    return (row.fault, str(row.status), row.states, *figures)


def _verdict(row: Row) -> str:
    return f"  BROKEN: {len(row.broken)}" if row.broken else ""


def _line(cells: tuple[str, ...]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
