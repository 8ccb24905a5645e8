"""Signing in and out: Django's own views, which do synchronous work and run in a thread."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from gateway.members import familiar, throttle
from gateway.members.throttle import client_of, spent, too_often, used_up
from gateway.members.wording import normalized
from gateway.web.threads import in_thread


class SignInForm(AuthenticationForm):
    """An e-mail address and a password."""

    error_messages = {
        "invalid_login": "That address and password do not belong together. Both may be mistyped. "
        "Whoever has just joined opens the link in our mail first.",
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

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and let this browser know whom it has seen."""
        response = super().form_valid(form)
        familiar.remember(response, form.get_user())
        return response


_signed_in: Callable[..., Any] = SignIn.as_view()


async def sign_in(request: HttpRequest) -> HttpResponse:
    """The page where members sign in, for those who have not tried wrong passwords too often.

    Hashing takes long, so it is done in few threads: who comes to too many others gets 503.
    """
    if request.method != "POST":
        return await in_thread(_rendered, request)
    client, address = client_of(request), normalized(str(request.POST.get("username", ""))[:400])
    guesses = {
        throttle.GUESSING: f"{client} {address}",
        throttle.GUESSING_ANY: client,
        throttle.GUESSING_AT: address,
    }
    for allowance, whom in guesses.items():
        if await used_up(allowance, whom):
            return too_often(allowance)
    response = await in_thread(_rendered, request)
    if response.status_code == 200:  # the form came back: that was no member
        for allowance, whom in guesses.items():
            await spent(allowance, whom)
    return response


def _rendered(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = _signed_in(request)
    if hasattr(response, "render"):
        response.render()
    return response


class SignOut(LogoutView):
    """Ends all of the member's sessions. A link cannot do it, only the form."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response
