"""Paths of this room."""

from django.urls import path

from gateway.storefront import art, views
from gateway.storefront.compare.views import compare

urlpatterns = [
    path("", views.home, name="home"),
    path("api/home", views.api_home, name="api-home"),
    path("books/", views.books, name="books"),
    path("authors/", views.authors, name="authors"),
    path(art.COVER[1:], views.drawing, name="cover"),
    path(art.POSTER[1:], views.drawing, name="poster"),
    path("compare/", compare, name="compare"),
]
