"""Django's description of this room."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """Books, authors and the home page."""

    name = "gateway.storefront"
    label = "storefront"
    verbose_name = "Storefront"

    def ready(self) -> None:
        """Connect what must happen when somebody changes what is on the shelves."""
        from django.db.models.signals import post_delete, post_save

        from gateway.storefront.models import Author, Book
        from gateway.storefront.purging import forget_arrivals

        for signal in (post_save, post_delete):
            for model in (Author, Book):
                signal.connect(forget_arrivals, sender=model)
