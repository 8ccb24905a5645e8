"""Paths of this room. The WebSocket's stands in ``handshake``: it is not Django's."""

from django.urls import path

from gateway.chat import views

urlpatterns = [
    path("chat/", views.rooms, name="chat"),
    path("chat/<slug:slug>/", views.room, name="chat-room"),
    path("chat/<slug:slug>/<int:number>/remove/", views.remove, name="chat-remove"),
]
