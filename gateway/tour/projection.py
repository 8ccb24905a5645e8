"""From coordinates to places on a sheet of paper."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480.0, 400.0
MARGIN = 52.0
"""Around the outermost stops: their marks and labels need it."""

SMALLEST_SPAN_DEGREES = 2.0
"""A tour of one city is drawn as if it were a region."""

NARROWEST = 0.2
"""East and west shrink towards the poles, but never to nothing."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the sheet; y grows downwards."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Projection:
    """An equidistant projection that is true in scale at its middle."""

    west: float
    middle_longitude: float
    middle_latitude: float
    scale: float
    """Units of the sheet for a degree of latitude."""

    def point(self, latitude: float, longitude: float) -> Point:
        """Return where a place lies on the sheet."""
        east = (longitude - self.west) % 360 + self.west - self.middle_longitude
        return Point(
            WIDTH / 2 + east * self.scale * self.narrowing,
            HEIGHT / 2 - (latitude - self.middle_latitude) * self.scale,
        )

    @property
    def narrowing(self) -> float:
        """How much shorter a degree to the east is than one to the north."""
        return max(NARROWEST, math.cos(math.radians(self.middle_latitude)))


def projection_of(places: Sequence[tuple[float, float]]) -> Projection:
    """Return the projection in which all ``places`` (latitude, longitude) fit on the sheet.

    It is cut where the gap between two of them is widest, so that a way over the Pacific does not
    lead around the world.
    """
    west = _west_of_widest_gap([longitude for _, longitude in places])
    eastward = [(longitude - west) % 360 for _, longitude in places]
    latitudes = [latitude for latitude, _ in places]
    middle_latitude = (min(latitudes) + max(latitudes)) / 2
    narrowing = max(NARROWEST, math.cos(math.radians(middle_latitude)))
    high = max(max(latitudes) - min(latitudes), SMALLEST_SPAN_DEGREES)
    wide = max(max(eastward) * narrowing, SMALLEST_SPAN_DEGREES)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    return Projection(west, west + max(eastward) / 2, middle_latitude, scale)


def _west_of_widest_gap(longitudes: list[float]) -> float:
    """Return the place from which all others lie within the shortest way to the east."""
    ordered = sorted(set(longitudes))
    gaps = [
        ((ordered[index] - ordered[index - 1]) % 360 or 360, ordered[index])
        for index in range(len(ordered))
    ]
    return max(gaps)[1]
