"""Values as people read them: money, days, years, ages; and which links from outside we follow."""

from datetime import date
from decimal import Decimal

from gateway.storefront.payloads import Price

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money(price: Price) -> str:
    """Return ``€8.99``; a currency without a sign of its own goes by its code: ``8.99 CHF``."""
    amount = f"{Decimal(price.amount):,.2f}"
    sign = _SIGNS.get(price.currency)
    return f"{sign}{amount}" if sign else f"{amount}\N{NO-BREAK SPACE}{price.currency}"


def day(when: date, today: date | None = None) -> str:
    """Return ``31 December``, with the year unless it is the year of ``today``."""
    named = f"{when.day}\N{NO-BREAK SPACE}{_MONTHS[when.month - 1]}"
    return named if today and when.year == today.year else f"{named} {when.year}"


def month_short(when: date) -> str:
    """Return the first three letters of the month."""
    return _MONTHS[when.month - 1][:3]


def year(number: int) -> str:
    """Return a year; before the common era it is negative here and says so there."""
    if number <= 0:
        return f"{-number}\N{NO-BREAK SPACE}BCE"
    return f"{number}\N{NO-BREAK SPACE}CE" if number < 1000 else str(number)


def lifespan(born: int | None, died: int | None) -> str:
    """Return ``1775–1817``, ``born 1775``, ``died 1817`` or nothing."""
    if born is not None and died is not None:
        return f"{year(born)}–{year(died)}"
    if born is not None:
        return f"born {year(born)}"
    return f"died {year(died)}" if died is not None else ""


def ago(seconds: float) -> str:
    """Return roughly how long ago something was, in the words of a person."""
    minutes = seconds / 60
    if minutes < 1.5:
        return "a minute ago"
    if minutes < 90:
        return f"{round(minutes)} minutes ago"
    hours = minutes / 60
    return f"{round(hours)} hours ago" if hours < 36 else f"{round(hours / 24)} days ago"


def site_path(address: str | None) -> str | None:
    """Return ``address`` if it is a path on this site, else None.

    It begins with one slash, never two, and holds no backslash, space or unprintable character:
    browsers read ``//host``, ``/\\host`` and ``/<tab>/host`` as another site's address (WHATWG
    URL, 4.4), and what begins with anything else may have a scheme.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    clean = address.isprintable() and " " not in address and "\\" not in address
    return address if clean else None
