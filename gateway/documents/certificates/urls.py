"""Paths of the certificates. A token is far shorter than a line of a request may be."""

from django.urls import path, re_path

from gateway.documents.certificates import views

_TOKEN = r"certificates/(?P<token>[A-Za-z0-9_:.-]{20,4000})"  # noqa: S105 - no password

urlpatterns = [
    path("certificates/", views.new, name="certificates"),
    re_path(rf"^{_TOKEN}\.pdf\Z", views.download, name="certificate-pdf"),
    re_path(rf"^{_TOKEN}\.png\Z", views.preview, name="certificate-picture"),
    re_path(rf"^{_TOKEN}/\Z", views.show, name="certificate"),
]
