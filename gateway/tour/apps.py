"""Django's description of this room."""

from django.apps import AppConfig


class TourConfig(AppConfig):
    """The author's tour, and the weather of each of its cities."""

    name = "gateway.tour"
    label = "tour"
    verbose_name = "Tour"

    def ready(self) -> None:
        """Connect what must happen when somebody changes the tour."""
        from django.db.models.signals import post_delete, post_save

        from gateway.tour.forgetting import forget_stops
        from gateway.tour.models import Stop

        for signal in (post_save, post_delete):
            signal.connect(forget_stops, sender=Stop)
