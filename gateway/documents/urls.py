"""Paths of this room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("gateway.documents.certificates.urls")),
    path("", include("gateway.documents.manuscripts.urls")),
]
