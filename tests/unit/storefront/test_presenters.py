"""What the pages show of each outcome."""

from datetime import date
from typing import Any

import pytest
from django.http import Http404
from django.template.loader import render_to_string

from gateway.aggregation.source import Reply, State
from gateway.storefront.payloads import Price
from gateway.storefront.presenters import (
    MOST_TURNING,
    TAGS,
    present_authors,
    present_books,
    present_home,
)
from gateway.storefront.shelves import AuthorPage, BookPage
from tests.unit.storefront.pages import (
    ADA,
    FAILED,
    FALLBACK,
    TODAY,
    banner,
    card,
    composed,
    home,
    promotions,
    recommendations,
    writer,
)

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
ANYTHING = {"tag": "", "author": ""}


def shelf(rows: int, total: int, number: int = 1, **filters: str) -> dict[str, Any]:
    """The book list with so many rows of so many books."""
    page = composed(books=BookPage(tuple(card(n) for n in range(rows)), total))
    return present_books(page, number, ANYTHING | filters)


def test_a_whole_page_has_nothing_broken_and_nothing_from_earlier() -> None:
    shown = present_home(home(membership=ADA))
    assert not any(shown[name].get("broken") for name in ("promo", "recco", "arrivals", "member"))
    assert not any(shown[name].get("since") for name in ("promo", "recco", "arrivals"))
    assert shown["provenance"] == {"complete": True, "missing": "", "earlier": ""}
    assert shown["member"]["name"] == "Ada"


@pytest.mark.parametrize("name", ["promo", "recco", "arrivals", "membership"])
@pytest.mark.parametrize("outcome", [FAILED, FALLBACK])
def test_a_fragment_without_a_value_is_broken_and_alone(name: str, outcome: Any) -> None:
    shown = present_home(home(**{name: outcome}))
    shown["membership"] = shown["member"]
    parts = ["promo", "recco", "arrivals", "membership"]
    assert [part for part in parts if shown[part].get("broken")] == [name]
    assert shown["provenance"]["missing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("promo", promotions()), ("recco", recommendations(items=0)), ("arrivals", ())],
)
def test_an_empty_fragment_is_not_a_broken_one(name: str, value: Any) -> None:
    shown = present_home(home(**{name: value}))[name]
    assert not shown["broken"]
    assert not shown.get("banners")
    assert not shown.get("books")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("promo", promotions(banner())),
        ("recco", recommendations()),
        ("arrivals", (card(),)),
    ],
)
def test_stale_content_is_shown_and_marked(name: str, value: Any) -> None:
    shown = present_home(home(**{name: Reply(value, State.STALE, age=720)}))
    assert shown[name]["since"] == "12 minutes ago"
    assert shown[name].get("banners") or shown[name].get("books")
    assert shown["provenance"]["earlier"]


def test_a_page_is_a_strangers_where_the_session_is_no_members_any_more() -> None:
    shown = present_home(home(membership=None, recco=recommendations("42")))
    assert shown["signed_in"] is False
    assert "you" not in shown["recco"]["heading"]


def test_reasons_that_tell_of_purchases_are_not_shown_to_a_stranger() -> None:
    books = present_home(home(membership=None, recco=recommendations("42")))["recco"]["books"]
    assert books
    assert not any(book.reason for book in books)


@pytest.mark.parametrize("membership", [ADA, FAILED])
def test_whether_somebody_is_signed_in_is_left_to_the_session_otherwise(membership: Any) -> None:
    shown = present_home(home(membership=membership, recco=recommendations("42")))
    assert "signed_in" not in shown
    assert shown["recco"]["heading"] == "Picked for you"


def test_best_sellers_are_nobodys_personally() -> None:
    shown = present_home(home(membership=ADA, recco=recommendations()))
    assert shown["recco"]["heading"] == "Much read just now"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "https://elsewhere.example/", "//elsewhere.example/",
        "/\\elsewhere.example/", "\\\\elsewhere.example", "/\t/elsewhere.example/",
        "/\n/elsewhere.example", " /books/", "books/", "", "/a b", "/a\u202eb", "data:text/html,x",
    ],
)  # fmt: skip
def test_an_address_that_is_no_path_of_ours_becomes_no_link_and_no_image(address: str) -> None:
    said = promotions(banner(href=address, image_url=address))
    shown = present_home(home(promo=said))["promo"]["banners"][0]
    assert shown.href is None
    assert shown.image is None
    assert shown.headline == "Headline 1"


def test_a_path_of_ours_becomes_a_link() -> None:
    shown = present_home(home(promo=promotions(banner(image_url="/static/a.png"))))
    assert shown["promo"]["banners"][0].href == "/books/?tag=winter"
    assert shown["promo"]["banners"][0].image == "/static/a.png"


@pytest.mark.parametrize(
    ("ends_on", "words"),
    [
        (date(2026, 12, 31), "until 31\xa0December"),
        (date(2027, 1, 6), "until 6\xa0January 2027"),
        (date(2026, 11, 19), ""),
        (None, ""),
    ],
)
def test_an_offer_says_until_when_in_words(ends_on: date | None, words: str) -> None:
    shown = present_home(home(promo=promotions(banner(ends_on=ends_on))))
    assert shown["promo"]["banners"][0].until == words


def test_nothing_off_is_no_discount() -> None:
    shown = present_home(home(promo=promotions(banner(discount_percent=0))))
    assert shown["promo"]["banners"][0].discount is None


@pytest.mark.parametrize(
    ("banners", "turning", "more"), [(1, 0, 0), (2, 2, 0), (MOST_TURNING + 3, MOST_TURNING, 3)]
)
def test_one_banner_stands_still_and_no_banner_is_out_of_reach(
    banners: int, turning: int, more: int
) -> None:
    shown = present_home(home(promo=promotions(*(banner(n) for n in range(banners)))))["promo"]
    assert shown["turning"] == turning
    assert len(shown["more"]) == more
    assert len(shown["banners"]) + more == banners


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("8.99", "EUR", "€8.99"), ("8.9", "EUR", "€8.90"), ("8", "GBP", "£8.00"),
        ("1234.5", "USD", "$1,234.50"), ("8.99", "CHF", "8.99\xa0CHF"),
    ],
)  # fmt: skip
def test_prices_are_written_for_people(amount: str, currency: str, words: str) -> None:
    shown = present_home(home(arrivals=(card(price=Price(amount, currency)),)))
    assert shown["arrivals"]["books"][0].price == words


@pytest.mark.parametrize(
    ("rows", "total", "number", "before", "after", "last"),
    [
        (3, 3, 1, "", "", 1),
        (24, 24, 1, "", "", 1),
        (24, 25, 1, "", "?page=2", 2),
        (24, 72, 2, "?page=1", "?page=3", 3),
        (1, 25, 2, "?page=1", "", 2),
    ],
)
def test_pages_lead_on_as_far_as_there_are_books(
    rows: int, total: int, number: int, before: str, after: str, last: int
) -> None:
    pages = shelf(rows, total, number)["pages"]
    assert (pages.before, pages.after, pages.last) == (before, after, last)


def test_pages_keep_what_the_list_is_narrowed_to() -> None:
    pages = shelf(24, 60, 1, tag="gothic", author="jane-austen")["pages"]
    assert pages.after == "?tag=gothic&author=jane-austen&page=2"


def test_a_page_beyond_the_last_is_not_found() -> None:
    with pytest.raises(Http404):
        shelf(0, 0, number=2)
    with pytest.raises(Http404):
        present_authors(composed(authors=AuthorPage((), 0)), 2)


def test_an_empty_shelf_is_a_page() -> None:
    shown = shelf(0, 0, tag="nothing-here")
    assert shown["narrowed"]
    assert not shown["books"]
    assert shown["heading"] == "Nothing here"


def test_a_shelf_is_called_by_its_tag_and_by_its_authors_name() -> None:
    assert shelf(1, 1)["heading"] == "All books"
    assert shelf(1, 1, tag="science-fiction")["heading"] == "Science fiction"
    assert shelf(1, 1, author="jane-austen")["heading"] == "Jane Austen"
    assert shelf(1, 1, tag="short", author="jane-austen")["heading"] == "Short · Jane Austen"


def test_exactly_the_shelf_that_one_stands_at_is_current() -> None:
    chips = shelf(1, 1, tag="gothic")["chips"]
    assert [chip.label for chip in chips if chip.current] == [TAGS["gothic"]]


@pytest.mark.parametrize(
    ("born", "died", "words"),
    [
        (1775, 1817, "1775–1817 · England"),
        (121, 180, "121\xa0CE–180\xa0CE · England"),
        (-43, None, "born 43\xa0BCE · England"),
        (None, 1817, "died 1817 · England"),
        (None, None, "England"),
    ],
)
def test_authors_come_with_their_years(born: int | None, died: int | None, words: str) -> None:
    page = composed(authors=AuthorPage((writer(born=born, died=died),), 1))
    assert present_authors(page, 1)["authors"][0].about == words


def test_an_author_without_books_has_no_shelf() -> None:
    page = composed(authors=AuthorPage((writer(books=0),), 1))
    assert present_authors(page, 1)["authors"][0].shelf == ""


def test_nothing_that_a_source_says_becomes_markup() -> None:
    """All text of all sources, on the page that shows most of it."""
    books = recommendations("42").items
    said = {
        "promo": promotions(
            *(banner(n, id=EVIL, headline=EVIL, body=EVIL, image_alt=EVIL, image_url="/a.png",
                     href=f"/{EVIL}") for n in range(8))
        ),
        "recco": Reply(recommendations("42")),
        "membership": type(ADA)(42, EVIL),
        "arrivals": (card(title=EVIL, author=EVIL, author_slug=EVIL, blurb=EVIL),),
    }  # fmt: skip
    evil = type(books[0])("9780141439518", EVIL, EVIL, Price("8.99", "EUR"), EVIL)
    said["recco"] = type(recommendations())((evil,), "bought-together", "42")
    html = render_to_string("storefront/home.html", present_home(home(**said)))
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img src=x" not in html
    assert f"{TODAY.year}" in html
