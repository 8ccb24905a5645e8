"""Bars of a waterfall: numbers as text for attributes of SVG, on a scale of 100."""

LEAST_WIDTH = 0.6
"""In percent of the scale: what took no time at all is seen as well."""


def percent(seconds: float, scale: float) -> str:
    """Return how wide a bar of ``seconds`` is where ``scale`` seconds are the whole."""
    return f"{min(100.0, max(LEAST_WIDTH, seconds / scale * 100)):.2f}"


def place(seconds: float, scale: float) -> str:
    """Return where a bar begins that begins after ``seconds``."""
    return f"{min(max(0.0, seconds / scale * 100), 100 - LEAST_WIDTH):.2f}"
