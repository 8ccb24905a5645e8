"""Paths of this room."""

from django.urls import path

from gateway.members import avatars, steps, views

urlpatterns = [
    path("join/", steps.join_page, name="join"),
    path("join/welcome/", steps.welcome, name="join-welcome"),
    path("join/open/<str:token>/", steps.open_page, name="join-open"),
    path("avatars/<str:signed>", avatars.avatar, name="avatar"),
    path("signin/", views.sign_in, name="signin"),
    path("signout/", views.SignOut.as_view(), name="signout"),
]
