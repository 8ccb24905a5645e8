"""Covers and posters, drawn from a book's own data: the same book always has the same cover.

The series has one form: a drawing in three inks, the title set large, the author near it. Its
ISBN chooses the inks, the layout and the drawing; some titles ask for a drawing themselves.
Everything that comes from outside is escaped.

Each is a document of its own, to which no page's style reaches: all that it needs is in it.
"""

import hashlib
from functools import lru_cache
from html import escape
from typing import NamedTuple

from gateway.storefront import motifs
from gateway.storefront.lettering import fits, plain, wrap
from gateway.storefront.motifs import MOTIFS, Dice, Inks, Motif

INKS = (
    Inks("#1f2a5a", "#fff6d6", "#ffd23f", "#e4572e", "#4f7cdf"),
    Inks("#ffd23f", "#1a2140", "#e4572e", "#1f6f78", "#fff6d6"),
    Inks("#b3232b", "#fff3e0", "#1a2140", "#f6b93b", "#f0907f"),
    Inks("#0f5c4c", "#fdf3d8", "#f2b134", "#e86a4a", "#7cc6a4"),
    Inks("#f6c9c9", "#3a1230", "#c2274b", "#2b3a8f", "#fff4ea"),
    Inks("#bfe3d0", "#10332c", "#f0563f", "#0f6b5a", "#fffbe8"),
    Inks("#3b1f4a", "#ffe9d6", "#f28f3b", "#c8559b", "#7f6fd1"),
    Inks("#a9d3f2", "#10264d", "#f2552c", "#1e4fa3", "#fff8dc"),
    Inks("#f2912e", "#2a1408", "#7a1f1a", "#ffe3b0", "#1f3a5f"),
    Inks("#17171c", "#f5efe0", "#d9b44a", "#b8372f", "#6f7d8c"),
    Inks("#f4ead2", "#2a2118", "#b8372f", "#24556b", "#d9a441"),
    Inks("#12616f", "#fff7df", "#ffcf56", "#0a2f3d", "#f27f5c"),
)

_ASKED_FOR: tuple[tuple[str, Motif], ...] = (
    ("sea", motifs.waves), ("leagues", motifs.waves), ("moby", motifs.waves),
    ("treasure", motifs.compass), ("world", motifs.compass), ("travels", motifs.compass),
    ("dracula", motifs.night), ("christmas", motifs.night), ("frankenstein", motifs.night),
    ("garden", motifs.branch), ("leaves", motifs.branch), ("willows", motifs.branch),
    ("time machine", motifs.rings), ("centre of the earth", motifs.rings),
    ("heights", motifs.field), ("prairie", motifs.field), ("madding", motifs.field),
    ("cities", motifs.roofs), ("house", motifs.roofs), ("paradise", motifs.rays),
)  # fmt: skip

_SALT = b"foolscap-1163"
"""Of many tried, the one with which the shelf we ship shows every ink and motif, well mixed."""

_SERIF = (
    "Iowan Old Style, Palatino Linotype, Palatino, URW Palladio L, P052, Book Antiqua, Georgia, "
    "Liberation Serif, serif"
)
_SANS = (
    "Gill Sans Nova, Gill Sans, Gill Sans MT, Seravek, Avenir Next, Candara, Segoe UI, "
    "Liberation Sans, system-ui, sans-serif"
)
"""The typefaces of the pages, as ``base.css`` names them."""

_MARGIN = 19
_AUTHOR_SIZE = 11.5
_LINE_WIDTH = 166
"""In units; the estimate of a line's width is generous, so that this may come near the edge."""
_SIZES = ((27, 2), (23, 3), (19, 4))
"""Sizes of a title, in units, and how many lines of each fit on every layout."""


class _Lettering(NamedTuple):
    """What is set on a cover: the title's size in units and its lines, and the author's."""

    size: int
    title: tuple[str, ...]
    author: tuple[str, ...]


@lru_cache(maxsize=1024)
def cover(isbn: str, title: str, author: str) -> str:
    """Return the cover of a book as an SVG document."""
    dice = _dice(isbn)
    inks = INKS[dice[0] % len(INKS)]
    layout = (_below, _above, _plate)[dice[1] % 3]
    drawing = _motif_for(title, dice)(inks, dice[3:])
    text = _lettering(title, author)
    sheet = _sheet(inks.paper, 300)
    return _svg('width="200" height="300"', "0 0 200 300", sheet, layout(inks, drawing, text))


@lru_cache(maxsize=128)
def poster(seed: str) -> str:
    """Return a drawing for a banner as an SVG document: six motifs, in the inks of the covers.

    They stand in two rows: a wide frame shows the upper one alone, a higher one both.
    """
    dice = _dice(seed)
    panels = []
    for place in range(6):
        inks = INKS[(dice[0] + 5 * place) % len(INKS)]
        motif = MOTIFS[(dice[1] + 4 * place) % len(MOTIFS)]
        corner = f'x="{place % 3 * 200}" y="{place // 3 * 190}"'
        panels.append(
            f'<svg {corner} width="200" height="190">{_sheet(inks.paper, 190)}'
            f"{motif(inks, dice[3 + place :])}</svg>"
        )
    return _svg('width="600" height="380"', "0 0 600 380", *panels)


def _below(inks: Inks, drawing: str, text: _Lettering) -> str:
    """The drawing on top, the title in a panel below it."""
    panel = f'<path fill="{inks.paper}" d="M0 172h200v128H0z"/>'
    rule = f'<path fill="{inks.first}" d="M0 168h200v5H0z"/>'
    return f"{drawing}{panel}{rule}{_set(inks, text, top=177)}{_author(inks, text, 288)}"


def _above(inks: Inks, drawing: str, text: _Lettering) -> str:
    """The author and the title on top, the drawing below them."""
    panel = f'<path fill="{inks.paper}" d="M0 0h200v136H0z"/>'
    moved = f'<g transform="translate(0 122)">{drawing}</g>'
    return f"{moved}{panel}{_author(inks, text, 26)}{_set(inks, text, top=32)}"


def _plate(inks: Inks, drawing: str, text: _Lettering) -> str:
    """The drawing all over, the title on a plate."""
    height = 44 + len(text.title) * (text.size + 3)
    top = 150 - height // 2
    frame = f'<path fill="{inks.paper}" d="M8 {top}h184v{height}H8z"/>'
    line = f'<path fill="none" stroke="{inks.type}" d="M11.5 {top + 3.5}h177v{height - 7}h-177z"/>'
    drawn = f'<g transform="translate(-58) scale(1.58)">{drawing}</g>'
    words = _set(inks, text, top=top + 6) + _author(inks, text, top + height - 14)
    return f"{drawn}{frame}{line}{words}"


def _lettering(title: str, author: str) -> _Lettering:
    """Return the title in the largest size in which it is whole, and no word of it is broken."""
    title, by = plain(title), wrap(plain(author), _LINE_WIDTH / _AUTHOR_SIZE, 1)
    for size, most in _SIZES:
        ems = _LINE_WIDTH / size
        if fits(title, ems, most):
            break
    return _Lettering(size, wrap(title, ems, most), by)


def _set(inks: Inks, text: _Lettering, top: int) -> str:
    leading = text.size + 3
    lines = "".join(
        f'<tspan x="{_MARGIN}" y="{top + leading * number}">{escape(line)}</tspan>'
        for number, line in enumerate(text.title, start=1)
    )
    face = f'font-family="{_SERIF}" font-weight="700" letter-spacing="-0.02em"'
    return f'<text {face} font-size="{text.size}" fill="{inks.type}">{lines}</text>'


def _author(inks: Inks, text: _Lettering, y: int) -> str:
    by = escape("".join(text.author))
    face = f'font-family="{_SANS}" font-weight="600" letter-spacing="0.02em"'
    size = f'font-size="{_AUTHOR_SIZE}"'
    return f'<text {face} {size} x="{_MARGIN}" y="{y}" fill="{inks.type}">{by}</text>'


def _motif_for(title: str, dice: Dice) -> Motif:
    asked = title.lower()
    for word, motif in _ASKED_FOR:
        if word in asked:
            return motif
    return MOTIFS[dice[2] % len(MOTIFS)]


def _dice(seed: str) -> Dice:
    """Return small numbers that depend on ``seed`` alone, in every process and version."""
    return hashlib.blake2b(seed.encode(), digest_size=24, salt=_SALT).digest()


def _sheet(paper: str, height: int) -> str:
    return f'<path fill="{paper}" d="M0 0h200v{height}H0z"/>'


def _svg(size: str, box: str, *inner: str) -> str:
    # Text is escaped where it is set, and all else is made of our own numbers.
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="{box}">{"".join(inner)}</svg>'
