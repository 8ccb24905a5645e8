"""Addresses of drawings: each stands for one drawing, and only those that we wrote are any."""

import json
import re
from pathlib import Path

import pytest

from gateway.storefront import art, covers
from gateway.storefront.art import COVER, POSTER, VERSION, cover_path, drawing_at, poster_path
from gateway.storefront.lettering import plain
from tests.unit.storefront.test_covers import NAUGHTY

BOOK = ("9780140447934", "War and Peace", "Leo Tolstoy")
SEED = Path(covers.__file__).parent / "seed" / "books.json"
BASE_CSS = Path(covers.__file__).parents[1] / "web" / "static" / "web" / "base.css"


def drawn(address: str) -> str:
    """The drawing at an address that must be one."""
    path, _, query = address.partition("?")
    found = drawing_at(path, query)
    assert found is not None, address
    return found.draw()


def is_any(address: str) -> bool:
    path, _, query = address.partition("?")
    return drawing_at(path, query) is not None


def test_an_address_can_be_read() -> None:
    version_and_signature, *words = cover_path(*BOOK).partition("?")[2].split("/")
    assert version_and_signature.startswith(VERSION)
    assert words == ["9780140447934", "War+and+Peace", "Leo+Tolstoy"]


@pytest.mark.parametrize("text", [*NAUGHTY, "a/b", "a+b c", "100 % & ?#;="])
def test_whatever_a_book_is_called_its_address_leads_to_its_cover(text: str) -> None:
    address = cover_path("9780140447934", text, text)
    assert re.fullmatch(r"/art/cover\.svg\?[!-~]+", address)
    assert len(address) < 4_000
    assert drawn(address) == covers.cover("9780140447934", *[plain(text)[:120]] * 2)


@pytest.mark.parametrize("seed", ["wr-1", "foolscap", "a/b", "\n", "源氏物語" * 50])
def test_whatever_a_banner_is_called_its_address_leads_to_its_poster(seed: str) -> None:
    assert drawn(poster_path(seed)) == covers.poster(seed)


def test_a_title_is_cut_only_where_no_cover_shows_it_any_more() -> None:
    for book in json.loads(SEED.read_text(encoding="utf-8")):
        assert drawn(cover_path(book["isbn"], book["title"], "X")) == covers.cover(
            book["isbn"], book["title"], "X"
        )
    narrow = "i " * 200
    assert drawn(cover_path(BOOK[0], narrow, "X")) == covers.cover(BOOK[0], narrow, "X")


@pytest.mark.parametrize(
    "change",
    [
        ("War", "Law"), ("Leo", "leo"), ("War+and", "War%20and"), ("/War", "//War"), ("793", "794"),
        (COVER, POSTER), ("+Tolstoy", ""), ("/Leo+Tolstoy", ""), ("Tolstoy", "Tolstoy/"),
        ("Tolstoy", "Tolstoy&x=1"), ("?", "??"), ("/9", "A/9"), (VERSION, ""), (VERSION, "00000g"),
        (VERSION, "0" * 400), (VERSION, VERSION.upper()),
    ],
)  # fmt: skip
def test_an_address_that_we_did_not_write_stands_for_nothing(change: tuple[str, str]) -> None:
    address = cover_path(*BOOK).replace(VERSION, "1a2b3c")  # one in which a letter can be large
    assert is_any(address)
    here, there = (text.replace(VERSION, "1a2b3c") for text in change)
    spoilt = address.replace(here, "1A2B3C" if change[1] == VERSION.upper() else there)
    assert spoilt != address
    assert not is_any(spoilt)


def test_one_kind_of_drawing_is_not_signed_for_another() -> None:
    cover, poster = (art._address(path, VERSION, "x").partition("?")[2] for path in (COVER, POSTER))
    assert cover != poster


@pytest.mark.parametrize(
    "query", ["", "/", "///", ".", "x" * 9000, "%", "%ff/%ff/%ff/%ff", "é/1/2/3"]
)
@pytest.mark.parametrize("path", [COVER, POSTER])
def test_what_is_no_address_at_all_stands_for_nothing(path: str, query: str) -> None:
    assert drawing_at(path, query) is None


def test_nothing_is_drawn_for_an_address_that_we_did_not_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: str) -> str:
        raise AssertionError("It was drawn.")

    monkeypatch.setattr(art, "_DRAWN", {COVER: (never, 3), POSTER: (never, 1)})
    for n in range(100):
        assert not is_any(f"{COVER}?{VERSION}.{n:08}/9780140447934/War/Peace")


def test_an_address_of_another_key_stands_for_nothing(settings: object) -> None:
    address = cover_path(*BOOK)
    settings.SECRET_KEY = "another-" + "x" * 40  # type: ignore[attr-defined]
    assert not is_any(address)


def test_an_address_of_another_version_is_drawn_and_not_ours() -> None:
    path, _, query = cover_path(*BOOK).partition("?")
    found, other = (drawing_at(path, query.replace(VERSION, each)) for each in (VERSION, "0a0a0a"))
    assert found is not None
    assert other is not None
    assert (found.is_ours, other.is_ours) == (True, False)
    assert found.draw() == other.draw()


def test_the_version_is_another_as_soon_as_the_code_is(tmp_path: Path) -> None:
    file = tmp_path / "drawing.py"
    file.write_text("red")
    before = art._version_of(str(file))
    file.write_text("rad")
    assert art._version_of(str(file)) != before
    assert re.fullmatch("[0-9a-f]{6}", before)


@pytest.mark.parametrize("name", ["serif", "sans"])
def test_a_drawing_is_set_in_the_typefaces_of_the_pages(name: str) -> None:
    """No style of a page reaches into a picture, so they are named in both."""
    found = re.search(rf"--{name}: (.*);", BASE_CSS.read_text(encoding="utf-8"))
    assert found
    assert f'font-family="{found[1].replace(chr(34), "")}"' in drawn(cover_path(*BOOK))
