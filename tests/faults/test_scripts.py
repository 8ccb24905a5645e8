"""Cross-site scripting: whatever a service writes, it is text on the page, or not there."""

from html.parser import HTMLParser
from typing import Any

import pytest

from tests.faults.behaviours import PROMO, RECCO, spoiled
from tests.faults.stand import Stand

EVIL = "evil.example"

TEXTS = [
    "<script>alert(1)</script>",
    "</h3><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</style><style>*{background:url(//evil.example)}</style>",
    "</title><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "{{ 7|add:7 }}{% load static %}${7*7}#{7*7}",
    "\\u003cscript\\u003ealert(1)",
    "<scr\tipt>alert(1)</scr\nipt>",
    "＜script＞alert(1)＜/script＞",
    "<x" * 60,
    "\N{RIGHT-TO-LEFT OVERRIDE}<b>txet",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<text x=0 y=0 onclick=alert(1)>",
]
LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    f"//{EVIL}/",
    f"///{EVIL}/",
    f"/\\{EVIL}/",
    f"/\t/{EVIL}/",
    f"\\\\{EVIL}\\",
    f"https://{EVIL}/",
    f"https:{EVIL}",
    f"/@{EVIL}\n//",
    '/books/" onclick="alert(1)',
    "/books/'onclick='alert(1)",
    "/books/><script>alert(1)</script>",
    "/books/&quot; onclick=&quot;alert(1)",
    '#"><script>alert(1)</script>',
    "/%5c%5cevil.example",
    "blob:https://evil.example/1",
    "",
]
HARMLESS_PREFIXES = ("/", "#")


class _Reader(HTMLParser):
    """Takes down every tag with its attributes, and the text between."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def _kinds(reader: _Reader) -> set[tuple[str, str]]:
    """Return which tags there are, and with which attributes."""
    return {(tag, name) for tag, attributes in reader.tags for name in ("", *attributes)}


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_a_service_stays_text(stand: Stand, text: str) -> None:
    """No tag and no attribute is on the page that is not on it without the service's markup."""
    plain = _shown(stand, _promo("plain text"), _recco("plain text"))
    spoilt = _shown(stand, _promo(text), _recco(text))
    assert _kinds(spoilt) <= _kinds(plain)
    assert _words(text) in _words(spoilt.text)
    _assert_harmless(spoilt)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_of_a_service_leads_nowhere_else(stand: Stand, link: str) -> None:
    banner = {"href": link, "image_url": link, "image_alt": "x"}
    page = _shown(stand, spoiled("promo", **banner), RECCO)
    usual = _kinds(_shown(stand, PROMO, RECCO)) | _kinds(_shown(stand, _with_picture(), RECCO))
    assert _kinds(page) <= usual
    _assert_harmless(page)


def test_a_service_cannot_choose_classes_or_ids(stand: Stand) -> None:
    """What names things in our style sheet and in our links is ours alone."""
    text = 'canary" class="canary'
    document = _promo(text)
    document["banners"][0]["id"] = text
    document["campaign"]["id"] = text
    page = _shown(stand, document, {**_recco(text), "strategy": text})
    for _, attributes in page.tags:
        for name in ("class", "id", "name", "for", "style"):
            assert "canary" not in (attributes.get(name) or "")


def test_the_json_of_the_page_is_never_read_as_markup(stand: Stand) -> None:
    stand.upstreams.say("promo", _promo("<script>alert(1)</script>"))
    response = stand.stranger.ask("/api/home").response
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.json()["fragments"]["promo"]["value"]["banners"]


def _promo(text: str) -> dict[str, Any]:
    document = spoiled("promo", headline=text, body=text, image_alt=text, image_url="/x.svg")
    return document | {"campaign": {"id": text, "name": text}}


def _recco(text: str) -> dict[str, Any]:
    return spoiled("recco", title=text, author=text, reason=text)


def _with_picture() -> dict[str, Any]:
    return spoiled("promo", image_url="/x.svg", image_alt="x")


def _shown(stand: Stand, promo: Any, recco: Any) -> _Reader:
    """Return the page when the services say this, with nothing missing."""
    stand.upstreams.say("promo", promo)
    stand.upstreams.say("recco", recco)
    page = stand.stranger.ask()
    assert page.status == 200
    assert page.complete, page.response.headers["Fragment-Status"]
    return _read(page.response.text)


def _assert_harmless(page: _Reader) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("script", "iframe", "object", "embed", "base", "style")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("style", "srcdoc", "formaction", "http-equiv")
            if name in ("href", "src", "action", "xlink:href") and tag not in ("link",):
                assert (value or "").startswith(HARMLESS_PREFIXES), f"{tag} {name}={value}"
                assert not (value or "").startswith(("//", "/\\", "/\t"))


def _words(text: str) -> str:
    return "".join(text.split())
