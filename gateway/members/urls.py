"""Paths of this room."""

from django.urls import path

from gateway.members import views

urlpatterns = [
    path("signin/", views.SignIn.as_view(), name="signin"),
    path("signout/", views.SignOut.as_view(), name="signout"),
]
