"""Where the tour goes."""

from django.core.exceptions import ValidationError
from django.core.validators import (
    BaseValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models

MOST_STOPS = 20

_LINE = RegexValidator(
    r"\A[^\x00-\x1f\x7f]*\Z", "Write it on one line, without control characters."
)


def _between(least: int, most: int, message: str) -> list[BaseValidator]:
    return [MinValueValidator(least, message), MaxValueValidator(most, message)]


_LATITUDE = "A latitude is a number of degrees from -90 (South Pole) to 90 (North Pole)."
_LONGITUDE = "A longitude is a number of degrees from -180 (west) to 180 (east)."
_POSITION = f"The position is a whole number from 1 to {MOST_STOPS}."


class Stop(models.Model):
    """An evening of the tour. Coordinates are degrees: north and east are positive."""

    slug = models.SlugField(
        max_length=60, unique=True, help_text="Names the stop in /api/tour, such as lisbon."
    )
    city = models.CharField(max_length=60, validators=[_LINE])
    latitude = models.DecimalField(
        max_digits=7, decimal_places=4, validators=_between(-90, 90, _LATITUDE)
    )
    longitude = models.DecimalField(
        max_digits=7, decimal_places=4, validators=_between(-180, 180, _LONGITUDE)
    )
    date = models.DateField(help_text="The day of the reading.")
    venue = models.CharField(max_length=120, blank=True, validators=[_LINE])
    position = models.PositiveSmallIntegerField(
        validators=_between(1, MOST_STOPS, _POSITION),
        help_text="Where it stands in the tour, from 1; those of one position go by their date.",
    )

    class Meta:
        ordering = ["position", "date", "slug"]
        constraints = [
            # Whatever writes here: the weather service is never asked for a place beyond the poles.
            models.CheckConstraint(
                condition=models.Q(latitude__gte=-90, latitude__lte=90),
                name="tour_stop_latitude",
                violation_error_message=_LATITUDE,
            ),
            models.CheckConstraint(
                condition=models.Q(longitude__gte=-180, longitude__lte=180),
                name="tour_stop_longitude",
                violation_error_message=_LONGITUDE,
            ),
        ]

    def __str__(self) -> str:
        return self.city

    def clean(self) -> None:
        """Refuse a stop beyond the last that a tour may have.

        Two who add the last one in the same instant may both succeed: the page shows no more than
        it can.
        """
        super().clean()
        if self._state.adding and Stop.objects.count() >= MOST_STOPS:
            raise ValidationError(
                f"A tour has at most {MOST_STOPS} stops. Delete one before you add another."
            )
