"""Paths of this room."""

from django.urls import path

from gateway.giftwrap import views

urlpatterns = [
    path("giftwrap/", views.wrap, name="giftwrap"),
    path("giftwrap/<uuid:job>/", views.show, name="giftwrap-job"),
    path("giftwrap/<uuid:job>/events", views.events, name="giftwrap-events"),
]
