"""From a composition to what the templates show: plain frozen values, every outcome handled.

A template asks only whether a part is ``broken``, what is in it, and whether it is ``since``
earlier. It never sees a reply, a queryset or an error.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from gateway.aggregation.compose import Composition
from gateway.storefront.art import cover_path, poster_path
from gateway.storefront.payloads import Banner, BookCard, Recommendation
from gateway.storefront.shelves import PAGE_SIZE
from gateway.storefront.shown import (
    PENDING,
    AuthorView,
    BannerView,
    BookView,
    Chip,
    Pages,
    Part,
    part_of,
    provenance_of,
)
from gateway.storefront.wording import day, lifespan, money, month_short, site_path, year

MOST_TURNING = 6
"""How many banners take turns; the style sheet times as many. The rest are listed below."""

FIRST_ROW = 6
"""How many books of a list are in sight at once: their covers are not put off."""

TAGS = {
    "classic": "Classics", "adventure": "Adventure", "children": "For children", "epic": "Epic",
    "gothic": "Gothic", "mystery": "Mystery", "philosophy": "Philosophy", "poetry": "Poetry",
    "romance": "Romance", "russian": "Russian", "science-fiction": "Science fiction",
    "sea": "The sea", "short": "Short", "travel": "Travel", "winter": "Winter",
    "women": "By women",
}  # fmt: skip

_SHOP = "foolscap"

_RECCO_WORDS = {
    (True, False): ("Much read just now", "What leaves the shop most often."),
    (False, True): ("Picked for you", "From what you and other readers have bought."),
    (False, False): ("Read next", "What goes well together."),
}
"""Heading and note, by whether these are best sellers, and whether they are for this reader."""


_HOME = ("promo", "recco", "membership", "arrivals")


def present_home(page: Composition) -> dict[str, Any]:
    """Return the home page's values: promo, recco, arrivals, member, provenance.

    Of a page of which not all is there yet, what is missing is ``pending``.

    ``signed_in`` is among them, and False, only where the members' shelf says that whoever the
    session claims is not a member (any more): the page is then a stranger's.
    """
    promo, recco, member, arrivals = (part_of(page.outcomes.get(name)) for name in _HOME)
    stranger = not (member.broken or member.pending) and member.value is None
    # Who asks decides how recommendations are shown.
    recco = PENDING if member.pending else recco
    context = {
        "promo": _promo(promo),
        "recco": _recco(recco, stranger=stranger),
        "arrivals": _arrivals(arrivals),
        "member": {
            "name": getattr(member.value, "name", ""),
            "broken": member.broken,
            "pending": member.pending,
        },
        "provenance": provenance_of(page),
    }
    return context | {"signed_in": False} if stranger else context


def present_books(page: Composition, number: int, filters: Mapping[str, str]) -> dict[str, Any]:
    """Return the book list's values. Raises ``Http404`` for a page beyond the last."""
    shelf = part_of(page.outcomes["books"])
    total, rows = _rows(shelf, number)
    tag, author = filters["tag"], filters["author"]
    kept = {name: value for name, value in filters.items() if value}
    return {
        "heading": _shelf_heading(tag, rows[0].author if author and rows else author),
        "total": total,
        "books": [_shelved(row, seen_first=n < FIRST_ROW) for n, row in enumerate(rows)],
        "chips": [
            Chip("All books", "/books/", not kept),
            *(Chip(label, f"/books/?tag={slug}", slug == tag) for slug, label in TAGS.items()),
        ],
        "pages": _pages(number, total, kept),
        "shelf": shelf,
        "narrowed": bool(kept),
        "provenance": provenance_of(page),
    }


def present_authors(page: Composition, number: int) -> dict[str, Any]:
    """Return the author list's values. Raises ``Http404`` for a page beyond the last."""
    shelf = part_of(page.outcomes["authors"])
    total, rows = _rows(shelf, number)
    authors = [
        AuthorView(
            name=row.name,
            initial=row.name[:1].upper(),
            about=" · ".join(filter(None, (lifespan(row.born, row.died), row.country))),
            bio=row.bio,
            books=row.books,
            shelf=f"/books/?{urlencode({'author': row.slug})}" if row.books else "",
        )
        for row in rows
    ]
    return {
        "total": total,
        "authors": authors,
        "pages": _pages(number, total, {}),
        "shelf": shelf,
        "provenance": provenance_of(page),
    }


def _promo(part: Part) -> dict[str, Any]:
    if part.pending:
        return {"pending": True, "art": poster_path(_SHOP)}
    if part.broken or not part.value.banners:
        return {"broken": part.broken, "since": part.since, "art": poster_path(_SHOP)}
    said = part.value
    banners = tuple(_banner(n, each, said.on) for n, each in enumerate(said.banners, start=1))
    return {
        "campaign": said.campaign.name if said.campaign else "",
        "banners": banners[:MOST_TURNING],
        "more": banners[MOST_TURNING:],
        "turning": min(len(banners), MOST_TURNING) if len(banners) > 1 else 0,
        "as_of": day(said.as_of) if said.as_of else "",
        "since": part.since,
    }


def _banner(number: int, banner: Banner, today: date) -> BannerView:
    over = banner.ends_on is not None and banner.ends_on < today
    return BannerView(
        number=number,
        headline=banner.headline,
        body=banner.body,
        href=site_path(banner.href),
        image=site_path(banner.image_url),
        image_alt=banner.image_alt,
        art=poster_path(banner.id),
        discount=banner.discount_percent or None,
        until=f"until {day(banner.ends_on, today)}" if banner.ends_on and not over else "",
    )


def _recco(part: Part, *, stranger: bool) -> dict[str, Any]:
    if part.pending:
        return {"pending": True, "heading": "Read next"}
    if part.broken or not part.value.items:
        return {"broken": part.broken, "heading": "Read next", "since": part.since}
    said = part.value
    bestsellers = said.strategy == "bestsellers"
    personal = said.member_id is not None and not bestsellers
    # Reasons tell what a member has bought: nobody reads them whose session has ended.
    hidden = personal and stranger
    heading, note = _RECCO_WORDS[bestsellers, personal and not stranger]
    return {
        "heading": heading,
        "note": note,
        "books": [_recommended(item, hidden=hidden) for item in said.items],
        "as_of": day(said.as_of) if said.as_of else "",
        "since": part.since,
    }


def _recommended(item: Recommendation, *, hidden: bool) -> BookView:
    return BookView(
        cover=cover_path(item.isbn, item.title, item.author),
        title=item.title,
        author=item.author,
        price=money(item.price),
        reason="" if hidden else item.reason,
    )


def _arrivals(part: Part) -> dict[str, Any]:
    if part.pending:
        return {"pending": True}
    books = [] if part.broken else [_shelved(card) for card in part.value]
    return {"broken": part.broken, "books": books, "since": part.since}


def _shelved(card: BookCard, *, seen_first: bool = False) -> BookView:
    return BookView(
        cover=cover_path(card.isbn, card.title, card.author),
        title=card.title,
        author=card.author,
        price=money(card.price),
        shelf=f"/books/?{urlencode({'author': card.author_slug})}",
        blurb=card.blurb,
        published=year(card.published),
        day=card.added_on.day,
        month=month_short(card.added_on),
        iso_date=card.added_on.isoformat(),
        seen_first=seen_first,
    )


def _shelf_heading(tag: str, author: str) -> str:
    label = TAGS.get(tag, tag.replace("-", " ").capitalize())
    return " · ".join(filter(None, (label, author))) or "All books"


def _rows(shelf: Part, number: int) -> tuple[int, Any]:
    total, rows = (0, ()) if shelf.broken else (shelf.value.total, shelf.value.rows)
    if number > 1 and not rows and not shelf.broken:
        raise Http404("There is no such page.")
    return total, rows


def _pages(number: int, total: int, kept: Mapping[str, str]) -> Pages:
    last = max(1, -(-total // PAGE_SIZE))
    return Pages(
        number=number,
        last=last,
        before=_query(number - 1, kept) if number > 1 else "",
        after=_query(number + 1, kept) if number < last else "",
    )


def _query(number: int, kept: Mapping[str, str]) -> str:
    return "?" + urlencode({**kept, "page": number})
