"""Paths of this room."""

from django.urls import path
from django.views.generic import RedirectView

from gateway.members import avatars, steps, views

urlpatterns = [
    path("join/", steps.join_page, name="join"),
    path("join/welcome/", steps.welcome, name="join-welcome"),
    path("join/open/<str:token>/", steps.open_page, name="join-open"),
    path("avatars/<str:signed>", avatars.avatar, name="avatar"),
    path("signin/", views.sign_in, name="signin"),
    # Staff sign in where everybody does: the admin's own door counts no wrong passwords.
    path("admin/login/", RedirectView.as_view(pattern_name="signin", query_string=True)),
    path("signout/", views.SignOut.as_view(), name="signout"),
]
