"""The tour in the admin."""

from django.contrib import admin

from gateway.tour.models import Stop


@admin.register(Stop)
class StopAdmin(admin.ModelAdmin):
    """The stops in their order, which can be changed in the list."""

    list_display = ["city", "venue", "date", "latitude", "longitude", "position"]
    list_editable = ["position"]
    search_fields = ["city", "venue"]
    prepopulated_fields = {"slug": ["city"]}
