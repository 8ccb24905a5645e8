"""Addresses of covers and posters: each is a pure function of what is drawn, and of how.

A page names its drawings, and each is asked for by itself, once, and kept for good. All that is
needed to draw it stands in its address, so nobody has to be asked for it and nothing is remembered
of it. An address is signed: only what a page of ours has named is ever drawn.

    /art/cover.svg?a1b2c3.Q2hlc3Rl/9780140447934/War+and+Peace/Leo+Tolstoy
                   version.signature/what is drawn
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

from django.utils.crypto import constant_time_compare, salted_hmac

from gateway.storefront import covers, lettering, motifs
from gateway.storefront.covers import cover, poster

COVER = "/art/cover.svg"
POSTER = "/art/poster.svg"

MOST_LETTERS = 120
"""More of a title than fits on any cover; what is longer is cut, so that no address is endless."""

_SALT = "gateway.storefront.art"
_SIGNATURE_BYTES = 6
"""Few, for every page has it many times: whoever guesses one has won a drawing."""

_DRAWN: dict[str, tuple[Callable[..., str], int]] = {COVER: (cover, 3), POSTER: (poster, 1)}
"""By path: what draws, and of how many words."""


def _version_of(*modules: str | None) -> str:
    """Return six digits that are others as soon as anything in the code that draws is."""
    code = b"".join(Path(module).read_bytes() for module in modules if module)
    return hashlib.blake2b(code, digest_size=3).hexdigest()


VERSION = _version_of(covers.__file__, lettering.__file__, motifs.__file__)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What an address stands for: ``draw`` makes the SVG document.

    ``is_ours`` says that it was made for the code that we are. Else another gateway made it, while
    one version takes the other's place: it gets a drawing all the same, which nobody may keep.
    """

    draw: Callable[[], str]
    etag: str
    is_ours: bool


@lru_cache(maxsize=1024)
def cover_path(isbn: str, title: str, author: str) -> str:
    """Return the path, with its query, at which the cover of a book is shown."""
    title, author = (lettering.plain(text)[:MOST_LETTERS] for text in (title, author))
    return _address(COVER, VERSION, isbn, title, author)


@lru_cache(maxsize=128)
def poster_path(seed: str) -> str:
    """Return the path, with its query, at which the poster of ``seed`` is shown."""
    return _address(POSTER, VERSION, seed)


def drawing_at(path: str, query: str) -> Drawing | None:
    """Return what stands at an address; None where no page of ours ever named it.

    One rule judges it: it must be, letter by letter, the address that we write for what it says.
    """
    draw, arity = _DRAWN[path]
    tag, *said = query.split("/", arity)
    version, words = tag.partition(".")[0], [unquote_plus(word) for word in said]
    if len(words) != arity or not _is_version(version):
        return None
    if not constant_time_compare(f"{path}?{query}", _address(path, version, *words)):
        return None
    return Drawing(partial(draw, *words), f'"{tag}"', version == VERSION)


def _address(path: str, version: str, *words: str) -> str:
    """Return the address of what ``words`` tell of. The version is not signed: no harm is in it."""
    said = "/".join(quote_plus(word) for word in words)
    mac = salted_hmac(_SALT, f"{path}?{said}", algorithm="sha256").digest()
    signature = base64.urlsafe_b64encode(mac[:_SIGNATURE_BYTES]).decode()
    return f"{path}?{version}.{signature}/{said}"


def _is_version(text: str) -> bool:
    return len(text) == len(VERSION) and set(text) <= set("0123456789abcdef")
