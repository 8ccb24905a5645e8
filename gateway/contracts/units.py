"""What a value's unit asks of it beyond its type. Plain code: a value in, a sentence out, or none.

The page needs these, but its door does not judge them all: a currency that does not exist would be
shown as it came.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

# ISO 4217, list one, as of 2026, and codes that were withdrawn shortly before: somebody's prices
# may still be told in them. Funds, metals, and the codes for tests and for no currency are out.
_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

_BOOK_COSTS_FEW = frozenset({"EUR", "GBP", "USD", "CHF", "CAD", "AUD", "NZD"})
"""Currencies in which no book costs a hundred or more without anything behind the point."""

Complaint = str | None
Check = Callable[[str], Complaint]


def bad_currency(code: str) -> Complaint:
    """Complain of what is no currency of ISO 4217."""
    if code in CURRENCIES:
        return None
    return f"{code!r} is no currency code of ISO 4217, such as EUR or GBP"


def bad_money(amount: str) -> Complaint:
    """Complain of what is no decimal number such as 8.99."""
    try:
        return None if Decimal(amount).is_finite() else f"{amount!r} is no amount"
    except InvalidOperation:
        return f"{amount!r} is no decimal number such as 8.99"


def looks_like_cents(amount: str, currency: str) -> Complaint:
    """Complain of an amount that is told in the small unit: 899 where 8.99 is meant."""
    if currency in _BOOK_COSTS_FEW and amount.isdigit() and int(amount) >= 100:
        return (
            f"{amount!r} {currency} seems to be told in hundredths: "
            "write whole units with a decimal point, such as 8.99"
        )
    return None


def bad_link(address: str) -> Complaint:
    """Complain of what is neither a path on a site nor an address of the web.

    Empty means that there is none. Browsers drop tabs and line breaks within an address, and read
    two slashes as another host (WHATWG URL, 4.4).
    """
    if not address:
        return None
    if re.search(r"[\s\\]", address):
        return f"{address!r} has a space or a backslash in it, so that nobody can follow it"
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address)
    if scheme and scheme[0].lower() not in ("http:", "https:"):
        return f"{address!r} begins with {scheme[0]}, and a page leads only to http and https"
    if scheme or address.startswith("/"):
        return None
    return f"{address!r} must begin with a slash, or with http:// or https://"


def not_shown_as_link(address: str) -> Complaint:
    """Remark that the page follows paths of its own alone."""
    if not address:
        return "is empty, so that there is nothing to follow or to show"
    if address.startswith("/") and not address.startswith("//"):
        return None
    return "is not a path on this site: the page shows the rest without it"


def wrong_check_digit(isbn: str) -> Complaint:
    """Remark that thirteen digits do not obey the rule of ISBN-13; the page can do without."""
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(isbn))
    return None if total % 10 == 0 else f"{isbn} has a wrong check digit for an ISBN-13"


BROKEN: dict[str, Check] = {"currency": bad_currency, "money": bad_money, "link": bad_link}
"""By unit, what breaks a reply."""

REMARKED: dict[str, Check] = {"link": not_shown_as_link, "isbn": wrong_check_digit}
"""By unit, what is told and breaks nothing."""

WORDS = {
    "currency": "code of ISO 4217",
    "money": "decimal number as text, whole units",
    "link": "path on this site, or http(s) address",
    "isbn": "ISBN-13 without hyphens",
    "percent": "percent",
}
"""Units as the documentation names them."""
