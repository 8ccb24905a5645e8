"""Signing in and out: Django's own views, which do synchronous work and run in a thread."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


class SignInForm(AuthenticationForm):
    """An e-mail address and a password."""

    error_messages = {
        "invalid_login": "That address and password do not belong together. Both may be mistyped.",
        "inactive": "This account is closed.",
    }
    username = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class SignIn(LoginView):
    """The page where members sign in. ``next`` is followed only within this site."""

    template_name = "members/signin.html"
    form_class = SignInForm
    redirect_authenticated_user = False
    http_method_names = ["get", "head", "post", "options"]


class SignOut(LogoutView):
    """Ends all of the member's sessions. A link cannot do it, only the form."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response
