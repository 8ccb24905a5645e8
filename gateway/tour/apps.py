"""Django's description of this room."""

from django.apps import AppConfig


class TourConfig(AppConfig):
    """The author's tour, and the weather of each of its cities."""

    name = "gateway.tour"
    label = "tour"
    verbose_name = "Tour"
