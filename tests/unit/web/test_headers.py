"""Constant headers: they behave as ``setdefault`` does."""

import pytest
from django.http import BadHeaderError, HttpResponse

from gateway.web.headers import add_missing, stored

CONSTANT = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}


def test_what_a_view_has_said_stays_and_the_rest_is_added() -> None:
    response, same = (HttpResponse(headers={"cache-control": "public"}) for _ in range(2))
    add_missing(response.headers, stored(CONSTANT))
    for name, value in CONSTANT.items():
        same.headers.setdefault(name, value)
    assert dict(response.items()) == dict(same.items())
    assert response.headers["Cache-Control"] == "public"
    assert response.headers["x-frame-options"] == "DENY"
    del response.headers["X-Frame-Options"]
    assert "X-Frame-Options" not in response.headers


def test_what_would_split_a_header_is_refused() -> None:
    with pytest.raises(BadHeaderError):
        stored({"X-Bad": "a\r\nSet-Cookie: b"})
