"""Figures as people read them: each with its unit."""

from datetime import UTC, datetime


def clock(instant: float, now: float = 0.0) -> str:
    """Return an instant: ``17:03:10 UTC``, with the day where that is not the day of ``now``."""
    moment = datetime.fromtimestamp(instant, UTC)
    if now and moment.date() == datetime.fromtimestamp(now, UTC).date():
        return f"{moment:%H:%M:%S} UTC"
    return f"{moment:%H:%M:%S} UTC, {moment:%d %b}"


def ago(seconds: float) -> str:
    """Return a duration in its nearest unit: ``3 s``, ``5 min``, ``7 h``, ``2 days``."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{round(whole / 60)} min"
    return f"{round(whole / 3600)} h" if whole < 172_800 else f"{round(whole / 86_400)} days"


def milliseconds(seconds: float | None) -> str:
    """Return how long something took; a dash where nothing was measured."""
    if seconds is None:
        return "–"
    ms = seconds * 1000
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def per_second(rate: float) -> str:
    """Return a rate: ``12/s``, ``0.3/s``."""
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2g}/s"


def percent(share: float | None) -> str:
    """Return a share; a dash where there was nothing to take it of."""
    return "–" if share is None else f"{share * 100:.3g} %"


def calls(number: int) -> str:
    """Return ``1 call``, ``2 calls``."""
    return "1 call" if number == 1 else f"{number:,} calls"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last
