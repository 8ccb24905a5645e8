"""A page as a visitor gets it: its headers understood, its HTML taken apart into fragments."""

import re
import time
from dataclasses import dataclass

import httpx

FRAGMENTS = ("promo", "recco", "membership", "arrivals")
_PLACES = {
    "promo": re.compile(r'<section class="promo.*?</section>', re.S),
    "recco": re.compile(r'<section class="part" aria-labelledby="recco-name">.*?</section>', re.S),
    "arrivals": re.compile(
        r'<section class="part" aria-labelledby="arrivals-name">.*?</section>', re.S
    ),
    "membership": re.compile(r'<div class="greeting">.*?</div>', re.S),
    "provenance": re.compile(r'<p class="provenance">.*?</p>', re.S),
}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
_CHANGING = (
    "date",
    "server-timing",
    "x-request-id",
    "fragment-status",
    "gateway-complete",
    "content-length",
    "cache-control",
    "etag",  # only of a page that is whole
)
CODE = re.compile(r"Traceback|File &quot;|File \"|\.py\b|0x[0-9a-f]{8}|<class|&lt;class")
"""What only our own code says: none of it belongs on a page."""


@dataclass(frozen=True)
class Page:
    """One answer to a visitor, and the seconds it took."""

    response: httpx.Response
    seconds: float

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status_code

    @property
    def complete(self) -> bool:
        """What ``Gateway-Complete`` says."""
        return bool(self.response.headers.get("Gateway-Complete") == "?1")

    @property
    def marks(self) -> dict[str, dict[str, str]]:
        """``Fragment-Status``: the parameters of each fragment."""
        marks = {}
        for member in self.response.headers.get("Fragment-Status", "").split(", "):
            name, *parameters = member.split(";")
            marks[name] = dict(each.partition("=")[::2] for each in parameters)
        return marks

    def mark(self, fragment: str) -> str:
        """Return state and reason of a fragment, as ``fallback;timeout``."""
        mark = self.marks.get(fragment, {})
        return ";".join(filter(None, (mark.get("state", ""), mark.get("reason", ""))))

    @property
    def parts(self) -> dict[str, str]:
        """The HTML of each fragment, and under ``rest`` all that belongs to none."""
        rest = _TOKEN.sub("", self.response.text)
        parts = {}
        for name, place in _PLACES.items():
            found = place.search(rest)
            parts[name] = found[0] if found else ""
            rest = place.sub(f"[{name}]", rest, count=1)
        return parts | {"rest": rest}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that must not depend on what an upstream does."""
        headers = {
            name: value for name, value in self.response.headers.items() if name not in _CHANGING
        }
        if "set-cookie" in headers:
            # Its time of expiry moves on; its name does not.
            headers["set-cookie"] = headers["set-cookie"].partition("=")[0]
        return headers


def ask(client: httpx.Client, url: str) -> Page:
    """Return what a GET of ``url`` gets."""
    started = time.monotonic()
    response = client.get(url)
    return Page(response, time.monotonic() - started)
