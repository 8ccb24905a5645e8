"""Who is answered bit by bit, and who gets the page whole. Plain rules on what a request says.

Programs judge a page by its headers, and these are not final while a part of it is on its way. So a
page comes bit by bit only to who asks for HTML by name, as browsers do, and has said nothing
against it; everybody else gets it whole.
"""

import re

from django.http import HttpRequest

WHOLE = "buffered"
"""The word in the query by which anybody can ask for the whole page."""

TOLD_BY = ("Accept", "Cookie", "User-Agent", "Sec-CH-UA")
"""The fields that decide how a page comes, and what is on it."""

PATCHES_SINCE = 150
"""The version of Chromium that began to put ``<template for>`` in its place by itself."""

_OLD_PROTOCOLS = ("0.9", "1.0")
_BOT = re.compile(r"bot|crawl|spider|slurp|scrape|archiver|externalhit|preview|fetcher", re.I)
"""Words in the names of programs that read pages for others. A telephone of that name gets the page
whole, and loses nothing but a moment."""

_CHROMIUM = re.compile(r'"Chromium";\s*v="(\d{1,4})')


def takes_pieces(request: HttpRequest) -> bool:
    """Whether a page may come bit by bit to whoever sent ``request``."""
    return (
        request.method == "GET"
        and _names_html(request)
        and WHOLE not in request.GET
        and getattr(request, "scope", {}).get("http_version", "1.0") not in _OLD_PROTOCOLS
        and not _BOT.search(request.META.get("HTTP_USER_AGENT", ""))
    )


def patches_by_itself(request: HttpRequest) -> bool:
    """Whether the browser says that it is one that puts late parts in their places without script.

    WHATWG HTML, ``template``'s attribute ``for``. A browser that can, and does not say who it is
    (User-Agent Client Hints), does as well with the script.
    """
    found = _CHROMIUM.search(request.META.get("HTTP_SEC_CH_UA", ""))
    return found is not None and int(found[1]) >= PATCHES_SINCE


def _names_html(request: HttpRequest) -> bool:
    """Whether ``Accept`` names text/html itself. ``*/*`` is what programs send."""
    if "text/html" not in request.META.get("HTTP_ACCEPT", "").lower():
        return False
    return any(
        (kind.main_type, kind.sub_type) == ("text", "html") and kind.quality > 0
        for kind in request.accepted_types
    )
