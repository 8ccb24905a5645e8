"""The drawn route: marks that do not hide each other, labels that do not collide, a ruled sheet.

All of it is plain numbers, written out as text for the attributes of an SVG.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from gateway.tour.labels import around, free_place
from gateway.tour.payloads import Stop
from gateway.tour.projection import HEIGHT, WIDTH, Point, Projection, projection_of

RADIUS = 13.0
APART = 2 * RADIUS + 3
LONGEST_LABEL = 18
ROUNDS = 60
STEPS_OF_A_LEG = 12
BEND = 0.12
"""How far a leg leaves the straight way, as a share of its length."""

GRID_STEPS = (1, 2, 5, 10, 15, 30, 45)
MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered stop. ``label`` is empty where there was no room for it: the number is enough."""

    number: int
    x: str
    y: str
    label: str
    label_x: str
    label_y: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    """A meridian or a parallel."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn, in units of the view box."""

    width: str
    height: str
    grid: tuple[Line, ...]
    way: str
    marks: tuple[Mark, ...]


@lru_cache(maxsize=8)
def chart_of(stops: tuple[Stop, ...]) -> Chart | None:
    """Return the drawing of a tour; None where there is nothing to draw.

    It takes a few milliseconds for twenty stops, and most visitors see the same tour.
    """
    if not stops:
        return None
    projection = projection_of([(stop.latitude, stop.longitude) for stop in stops])
    points = spread([projection.point(stop.latitude, stop.longitude) for stop in stops])
    return Chart(
        f"{WIDTH:.0f}",
        f"{HEIGHT:.0f}",
        tuple(_grid(projection)),
        _way(points),
        tuple(_marks([stop.city for stop in stops], points)),
    )


def spread(points: Sequence[Point]) -> list[Point]:
    """Push apart what would hide each other, a little in each round, and keep all on the sheet."""
    spots = list(points)
    for _ in range(ROUNDS):
        moved = False
        for one in range(len(spots)):
            for other in range(one):
                moved |= _push(spots, one, other)
        if not moved:
            break
    return spots


def _push(spots: list[Point], one: int, other: int) -> bool:
    """Move both of a pair that is too near half of the way each; whether there was need."""
    dx, dy = spots[one].x - spots[other].x, spots[one].y - spots[other].y
    distance = math.hypot(dx, dy)
    if distance >= APART:
        return False
    if distance < 0.01:
        # Two readings in one city: there is no direction between them, so they are given one.
        dx, dy, distance = math.cos(one * 2.4), math.sin(one * 2.4), 1.0
        step = APART / 2
    else:
        step = (APART - distance) / 2 + 0.01
    dx, dy = dx / distance * step, dy / distance * step
    spots[one] = _kept(spots[one].x + dx, spots[one].y + dy)
    spots[other] = _kept(spots[other].x - dx, spots[other].y - dy)
    return True


def _kept(x: float, y: float) -> Point:
    edge = RADIUS + 3
    return Point(min(max(x, edge), WIDTH - edge), min(max(y, edge), HEIGHT - edge))


def _marks(cities: Sequence[str], points: Sequence[Point]) -> Iterator[Mark]:
    """Give each mark its label at the first place beside it where nothing else is.

    It may lie on the way if there is no better place, but never on a mark or another label.
    """
    taken = [around(point, RADIUS) for point in points]
    way = [around(point, 2.0) for leg in pairwise(points) for point in _along(*leg)]
    for number, (city, point) in enumerate(zip(cities, points, strict=True), start=1):
        label = city if len(city) <= LONGEST_LABEL else city[: LONGEST_LABEL - 1].rstrip() + "…"
        room = RADIUS + 5
        found = free_place(label, point, room, [*taken, *way])
        found = found or free_place(label, point, room, taken)
        if found is None:
            yield Mark(number, _text(point.x), _text(point.y), "", "0", "0", "start")
            continue
        taken.append(found.box)
        x, y = _text(found.x), _text(found.y)
        yield Mark(number, _text(point.x), _text(point.y), label, x, y, found.anchor)


def _way(points: Sequence[Point]) -> str:
    """Return the path from stop to stop, each leg bent a little to its left, as ways are."""
    if len(points) < 2:
        return ""
    legs = [f"M{_text(points[0].x)} {_text(points[0].y)}"]
    for start, end in pairwise(points):
        bend = _bend(start, end)
        legs.append(f"Q{_text(bend.x)} {_text(bend.y)} {_text(end.x)} {_text(end.y)}")
    return "".join(legs)


def _bend(start: Point, end: Point) -> Point:
    """Return the control point of a leg, a quadratic Bézier curve."""
    return Point(
        (start.x + end.x) / 2 + (end.y - start.y) * BEND,
        (start.y + end.y) / 2 - (end.x - start.x) * BEND,
    )


def _along(start: Point, end: Point) -> Iterator[Point]:
    """Give some points of a leg."""
    bend = _bend(start, end)
    for step in range(1, STEPS_OF_A_LEG):
        t = step / STEPS_OF_A_LEG
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        yield Point(
            a * start.x + b * bend.x + c * end.x,
            a * start.y + b * bend.y + c * end.y,
        )


def _grid(projection: Projection) -> Iterator[Line]:
    """Give meridians and parallels at round degrees, a few of each."""
    high, wide = HEIGHT / projection.scale, WIDTH / projection.scale / projection.narrowing
    step = next((step for step in GRID_STEPS if max(high, wide) / step <= MOST_LINES), 90)
    south, west = projection.middle_latitude - high / 2, projection.middle_longitude - wide / 2
    for latitude in range(math.ceil(south / step) * step, math.ceil(south + high), step):
        y = _text(HEIGHT / 2 - (latitude - projection.middle_latitude) * projection.scale)
        yield Line("0", y, f"{WIDTH:.0f}", y)
    across = projection.scale * projection.narrowing
    for longitude in range(math.ceil(west / step) * step, math.ceil(west + wide), step):
        x = _text(WIDTH / 2 + (longitude - projection.middle_longitude) * across)
        yield Line(x, "0", x, f"{HEIGHT:.0f}")


def _text(number: float) -> str:
    return f"{number:.1f}"
