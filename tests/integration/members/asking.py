"""A browser's part in signing in: cookies, and the token of the form."""

import re
from typing import Any

import httpx

from tests.live import DEMO_EMAIL, DEMO_PASSWORD
from tests.plain import NO_TLS

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def visitor(url: str) -> httpx.Client:
    """A visitor who keeps cookies and goes where redirects lead only when told to."""
    return httpx.Client(base_url=url, timeout=10.0, trust_env=False, verify=NO_TLS)


def token(page: httpx.Response) -> str:
    """The token of the first form on a page."""
    found = _TOKEN.search(page.text)
    assert found, f"there is no form on {page.url}"
    return found[1]


def post(client: httpx.Client, path: str, form_on: str = "", **fields: Any) -> httpx.Response:
    """Send the form that stands on ``form_on``, or on the page itself."""
    page = client.get(form_on or path)
    assert page.status_code == 200, page.status_code
    return client.post(path, data={"csrfmiddlewaretoken": token(page), **fields})


def sign_in(client: httpx.Client, path: str = "/signin/", **fields: str) -> httpx.Response:
    """Sign in as the demo member, unless ``fields`` say otherwise."""
    return post(client, path, **{"username": DEMO_EMAIL, "password": DEMO_PASSWORD, **fields})


def membership(client: httpx.Client) -> Any:
    """What the shop knows of the visitor."""
    page = client.get("/api/home").json()
    assert page["fragments"]["membership"]["state"] in ("live", "fresh")
    return page["fragments"]["membership"]["value"]
