"""The token against forgery, for forms on pages that are rendered once.

Django masks it anew for each page, so that a compressed page does not tell of it by its length
(BREACH); that takes a third of the time of a whole page. We compress no pages, and one mask serves
a visitor for a minute.
"""

from cachetools import TTLCache
from django.http import HttpRequest
from django.middleware.csrf import get_token

MASK_SECONDS = 60.0
MASKS = 4096

_masked: TTLCache[str, str] = TTLCache(MASKS, MASK_SECONDS)


def token_of(request: HttpRequest) -> str:
    """Return the token for a form; a visitor who has no secret yet gets one, in a cookie."""
    secret = request.META.get("CSRF_COOKIE")
    if secret is None:
        return get_token(request)
    if (token := _masked.get(secret)) is None:
        token = _masked[secret] = get_token(request)
    return token
