"""Paths of this room."""

from django.urls import path

from gateway.tour import views

urlpatterns = [
    path("tour/", views.tour, name="tour"),
    path("api/tour", views.api_tour, name="api-tour"),
]
