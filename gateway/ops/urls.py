"""Paths of this room."""

from django.urls import path

from gateway.ops import views

urlpatterns = [
    path("", views.board, name="ops"),
    path("live/", views.live, name="ops-live"),
    path("reasons/", views.reasons, name="ops-reasons"),
    path("faults/<slug:source>/", views.fault_on, name="ops-fault-on"),
    path("faults/<slug:source>/off/", views.fault_off, name="ops-fault-off"),
    path("purges/<slug:source>/", views.purge_source, name="ops-purge"),
]
