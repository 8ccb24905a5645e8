"""Where a label finds room beside its mark, among all that is drawn already."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.tour.projection import HEIGHT, WIDTH, Point

FONT = 17.0
"""The height of a label; tour.css counts on it."""

LETTER = 0.56 * FONT
"""How wide a letter is on average, a little too wide rather than too narrow."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two have more in common than an edge."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    @property
    def on_the_sheet(self) -> bool:
        """Whether nothing of it is cut off."""
        inside = self.left >= 0 and self.right <= WIDTH
        return inside and self.top >= 0 and self.bottom <= HEIGHT


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label is written: the point of its ``text-anchor``, and the room that it takes."""

    x: float
    y: float
    anchor: str
    box: Box


def around(point: Point, reach: float) -> Box:
    """Return the square whose sides lie ``reach`` away from ``point``."""
    return Box(point.x - reach, point.y - reach, point.x + reach, point.y + reach)


def free_place(label: str, at: Point, away: float, taken: Sequence[Box]) -> Place | None:
    """Return the best place for ``label``, ``away`` from its mark, that meets nothing ``taken``."""
    width = len(label) * LETTER
    beside, above, below = at.y + FONT * 0.35, at.y - away, at.y + away + FONT * 0.75
    for x, y, anchor in (
        (at.x + away, beside, "start"),
        (at.x - away, beside, "end"),
        (at.x, above, "middle"),
        (at.x, below, "middle"),
        (at.x + away * 0.6, above, "start"),
        (at.x + away * 0.6, below, "start"),
        (at.x - away * 0.6, above, "end"),
        (at.x - away * 0.6, below, "end"),
    ):
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        box = Box(left, y - FONT, left + width, y + FONT * 0.3)
        if box.on_the_sheet and not any(box.meets(other) for other in taken):
            return Place(x, y, anchor, box)
    return None
