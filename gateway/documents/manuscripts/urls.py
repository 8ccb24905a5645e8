"""Paths of manuscripts."""

from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from gateway.documents.manuscripts import tus, views

urlpatterns = [
    path("manuscripts/", views.manuscripts, name="manuscripts"),
    # Every request there must carry a header that no foreign page can send.
    path("manuscripts/uploads/<uuid:manuscript_id>", csrf_exempt(tus.upload), name="upload"),
    path("manuscripts/<uuid:manuscript_id>", views.download, name="manuscript"),
    path("manuscripts/<uuid:manuscript_id>/delete", views.delete, name="delete-manuscript"),
]
