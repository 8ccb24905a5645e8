"""All paths, by room."""

from django.contrib import admin
from django.urls import include, path

from gateway.web import health

urlpatterns = [
    path("", include("gateway.storefront.urls")),
    path("", include("gateway.members.urls")),
    path("", include("gateway.tour.urls")),
    path("", include("gateway.chat.urls")),
    path("", include("gateway.documents.urls")),
    path("", include("gateway.giftwrap.urls")),
    path("ops/", include("gateway.ops.urls")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
]
handler400 = "gateway.web.errors.bad_request"
handler403 = "gateway.web.errors.forbidden"
handler404 = "gateway.web.errors.not_found"
handler500 = "gateway.web.errors.broken"
