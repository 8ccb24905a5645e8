"""The services that are tried before a release: what is declared of each, and what it must mean.

A rule here ties what was asked to what came, or one field to another; whatever concerns a single
field stands in its payload type.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.contracts.bodies import shortened, told
from gateway.contracts.findings import Finding
from gateway.sources.http import Endpoint
from gateway.storefront.plan import PROMO, RECCO

Asked = Mapping[str, str]
"""The arguments of a question, as they stand in its query string."""

DEFAULT_LIMIT = 6
BESTSELLERS = "bestsellers"
_DATES = "the dates on the banners"
_BOOKS = "the books of the shelf"
_HEADING = "the heading of the shelf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A service that a page asks: ``name`` on the command line, ``title`` for people.

    ``part`` is where its reply is seen, ``without`` what a visitor sees where it cannot be used.
    ``personal`` arguments make a reply one person's own; a service without any tells everybody the
    same. ``rules`` judge a reply's value by what was asked. ``beyond`` is a query that a service
    may refuse or not: the page never asks it.
    """

    name: str
    title: str
    endpoint: Endpoint
    part: str
    without: str
    rules: Callable[[Asked, Any], list[Finding]]
    terms: tuple[str, ...]
    personal: tuple[str, ...] = ()
    beyond: Asked | None = None

    @property
    def provider(self) -> str:
        """The service's name in a contract file."""
        return f"{self.name}_service"


def promotions_rules(asked: Asked, value: Any) -> list[Finding]:
    """The reply is of the day that was asked for; no banner ends before it starts."""
    found = _day_rules(asked, value)
    banners, on = value.get("banners"), _day(value.get("on"))
    for index, banner in enumerate(_list(banners)):
        if isinstance(banner, dict):
            found += _banner_rules(f"banners[{index}]", banner, on)
    found += _doubles(banners, "banners", "id")
    if not banners:
        found.append(Finding("banners", "is empty, so that no banner was judged", "", True))
    return found


def _day_rules(asked: Asked, value: Any) -> list[Finding]:
    on = _day(value.get("on"))
    if on is None:
        return []  # The type has said so.
    if "on" in asked:
        if on.isoformat() != asked["on"]:
            return [Finding("on", f"is {on}, but {asked['on']} was asked for", _DATES)]
        return []
    today = datetime.now(UTC).date()
    # Where the service is, it may be tomorrow, or yesterday still.
    if abs(on - today) > timedelta(days=1):
        return [Finding("on", f"is {on}; without a date, today ({today}) is meant", _DATES)]
    return []


def _banner_rules(path: str, banner: dict[str, Any], on: date | None) -> list[Finding]:
    found = []
    first, last = _day(banner.get("starts_on")), _day(banner.get("ends_on"))
    if first and last and first > last:
        said = f"is {last}, which lies before starts_on, {first}"
        found.append(Finding(f"{path}.ends_on", said, _DATES))
    elif on and last and last < on:
        said = f"is {last}, and the reply is of {on}: the banner is over"
        found.append(Finding(f"{path}.ends_on", said, _DATES, remark=True))
    if banner.get("image_url") and not banner.get("image_alt"):
        said = "is empty: nobody who cannot see the picture knows what it shows"
        found.append(Finding(f"{path}.image_alt", said, remark=True))
    return found


def recommendations_rules(asked: Asked, value: Any) -> list[Finding]:
    """No more books than asked for; best sellers for strangers; nobody else's books."""
    found = _limit_rules(asked, value.get("items"))
    member, strategy = asked.get("member_id"), value.get("strategy")
    given = value.get("member_id")
    if member in (None, UNKNOWN_MEMBER) and isinstance(strategy, str) and strategy != BESTSELLERS:
        who = "without a member" if member is None else "for a member whom nobody knows"
        said = f"must be {BESTSELLERS} {who}, and is {shortened(strategy)}"
        found.append(Finding("strategy", said, _HEADING))
    if member is None and given:
        said = f"is {told(given)}, and no member was asked for"
        found.append(Finding("member_id", said, _HEADING))
    if member is not None and given is not None and given != member:
        said = f"is {told(given)}, and {member!r} was asked for: these are somebody else's books"
        found.append(Finding("member_id", said, _HEADING))
    if member is not None and given is None and strategy != BESTSELLERS:
        said = f"is null, but books that are no {BESTSELLERS} are for somebody"
        found.append(Finding("member_id", said, _HEADING))
    return found


def _limit_rules(asked: Asked, items: Any) -> list[Finding]:
    if not isinstance(items, list):
        return []  # The type has said so.
    most = int(asked.get("limit", DEFAULT_LIMIT))
    found = _doubles(items, "items", "isbn")
    if len(items) > most:
        why = "were asked for" if "limit" in asked else "are given where no limit is named"
        found.append(Finding("items", f"has {len(items)} books, and at most {most} {why}", _BOOKS))
    if not items:
        found.append(Finding("items", "is empty, so that no book was judged", "", True))
    return found


def _doubles(rows: Any, where: str, name: str) -> list[Finding]:
    """Remark that two rows have the same name: a visitor sees both."""
    keys = [row.get(name) for row in _list(rows) if isinstance(row, dict)]
    said = [key for key in keys if isinstance(key, str)]
    twice = sorted({key for key in said if said.count(key) > 1})[:3] if len(said) <= 200 else []
    if not twice:
        return []
    names = ", ".join(shortened(key) for key in twice)
    return [Finding(f"{where}[].{name}", f"comes more than once: {names}", remark=True)]


def _list(value: Any) -> list[Any]:
    """What comes from outside as a list, or none; its type complains of anything else."""
    return value if isinstance(value, list) else []


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


UNKNOWN_MEMBER = "987654321"
"""A member that no service knows: written as members are, and far from any that there are."""

PROMOTIONS = Contract(
    name="promo",
    title="promotions service",
    endpoint=PROMO,
    part="the front table, at the top of the home page",
    without=(
        "Today's offers are missing: the front table shows those of earlier, marked so, for up to "
        "an hour, and then says that it is being laid."
    ),
    rules=promotions_rules,
    terms=(
        "`on` is the day that was asked for; where none was, today.",
        "A banner does not end before it starts.",
        "A malformed `on` is refused with 422; so is a day that no calendar has.",
        "`Cache-Control` is `public` and names a `max-age`: the reply is everybody's.",
    ),
)

RECOMMENDATIONS = Contract(
    name="recco",
    title="recommendation service",
    endpoint=RECCO,
    part="the shelf of recommendations on the home page",
    without=(
        "The shelf of recommendations is missing: it shows those of earlier, marked so, for up to "
        "an hour, and then says that they are not here."
    ),
    rules=recommendations_rules,
    terms=(
        "There are never more books than `limit`; without it, never more than 6.",
        "Without `member_id`, or for a member whom it does not know, `strategy` is `bestsellers`.",
        "`member_id` is the one that was asked for, or null with best sellers; where none was "
        "asked for, it may also be left out.",
        "A `limit` outside of 1 to 24 is refused with 422. A service may allow more than 24.",
        "`Cache-Control` is `private` and names a `max-age`: the reply is one member's own.",
    ),
    personal=("member_id",),
    beyond={"member_id": "42", "limit": "25"},
)

CONTRACTS = (PROMOTIONS, RECOMMENDATIONS)
