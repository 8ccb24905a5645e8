"""Rules of fragments (F), of what is kept (K) and of what is somebody's own (P)."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from gateway.ops.explain.audit.facts import Facts, Subject
from gateway.ops.explain.audit.rule import Severity, rule

LONG_SECONDS = 3600.0

PERSONS = frozenset({"member_id", "user_id", "email", "session_hash", "account_id", "hash"})
"""Arguments that say whose reply it is."""
PERSONAL = frozenset({"member_id", "user_id", "email", "phone", "password", "birthday"})
"""Fields of a reply that are somebody's own."""
MOST_TRUSTED_SECONDS = 5.0
"""So long a session that was ended elsewhere may still count."""

PROOFS = frozenset({"session_hash", "password", "token", "secret", "session"})
"""Arguments that prove who somebody is."""


@rule(
    "F001",
    Severity.WARNING,
    "A page that is nothing without somebody else's service is down whenever that is.",
    "Give the source a fallback, or do without primary=True.",
)
def primary_without_fallback(facts: Facts) -> Iterable[str]:
    for page, _, each in facts.places():
        if _alone(each) and each.upstream != "postgres":
            yield f"Page {page.name} answers 503 when {each.source} fails, and nothing stands in."


@rule(
    "F002",
    Severity.NOTE,
    "Where Postgres is down, the page answers 503.",
    "If that is not meant: keep replies (fresh=…), give a fallback, or do without primary=True.",
)
def primary_in_postgres(facts: Facts) -> Iterable[str]:
    for page, _, each in facts.places():
        if _alone(each) and each.upstream == "postgres":
            yield f"Page {page.name} cannot be shown without {each.source}."


@rule(
    "F003",
    Severity.WARNING,
    "A source with a fallback never fails, so that primary means nothing: the page shows the "
    "stand-in where somebody wanted a 503.",
    "Do without either primary=True or the fallback.",
)
def primary_with_fallback(facts: Facts) -> Iterable[str]:
    for page, _, each in facts.places():
        if each.primary and "fallback(" in each.formula:
            yield f"{each.source} is primary on page {page.name}, and has a fallback."


def _alone(each: Any) -> bool:
    return bool(each.primary and "fallback(" not in each.formula and each.kept is None)


@rule(
    "K001",
    Severity.WARNING,
    "What a source changes is seen that much later, by everybody, unless somebody purges it.",
    "Choose a fresh time of minutes; a source that bears little load is helped by stale replies.",
)
def fresh_for_too_long(facts: Facts) -> Iterable[str]:
    for name, kept in _kept(facts):
        if kept.fresh.seconds > LONG_SECONDS:
            fresh = kept.fresh
            yield f"Replies of {name} are fresh for {fresh.seconds:g} s ({fresh.setting})."


@rule(
    "K002",
    Severity.WARNING,
    "A reply stands in for less time than it was good for: an outage of minutes is seen at once.",
    "Set STALE_SECONDS to more than every fresh time; an hour is usual.",
)
def stale_for_too_short(facts: Facts) -> Iterable[str]:
    for name, kept in _kept(facts):
        if kept.stale.setting and kept.stale.seconds < kept.fresh.seconds:
            yield (
                f"Replies of {name} are fresh for {kept.fresh.seconds:g} s, and then stand in for "
                f"{kept.stale.seconds:g} s ({kept.stale.setting})."
            )


@rule(
    "K003",
    Severity.NOTE,
    "Each page asks the source, and nothing stands in for it but a fallback.",
    "Give it a fresh time of some seconds; the crowd of a busy minute is then one question.",
)
def switched_off(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        if each.declared.fresh is not None and not each.kept:
            yield f"{each.declared.fresh} is 0: replies of {each.declared.name} are never kept."


def _kept(facts: Facts) -> Iterator[tuple[str, Any]]:
    for _, _, each in facts.places():
        if each.kept is not None:
            yield each.source, each.kept


@rule(
    "P001",
    Severity.ERROR,
    "The key does not say whose reply it is: what one member was told is shown to the next.",
    "Name the person among what the source asks, or do without a fresh time.",
)
def personal_under_a_shared_key(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        own = _fields(each.declared.payload) & PERSONAL
        if each.kept and own and not PERSONS & set(each.declared.asks):
            key = " + ".join((each.declared.name, *each.declared.asks))
            held = ", ".join(sorted(own))
            yield f"Replies of {each.declared.name} hold {held}; the key is {key}."


@rule(
    "P002",
    Severity.ERROR,
    "A proof outlives the session that it was for: who has signed out is still let in, until the "
    "entry ends.",
    "Declare sources that judge who somebody is private, with a fresh time of 5 seconds at most, "
    "or none.",
)
def proofs_are_kept(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        proofs = PROOFS & set(each.declared.asks)
        if each.kept and proofs and not _is_soon_forgotten(each):
            yield f"Replies of {each.declared.name} to {', '.join(sorted(proofs))} are kept."


def _is_soon_forgotten(each: Subject) -> bool:
    storing = each.layer("storing")
    fresh_seconds = storing.made_of["store"].keeping.bounds.fresh if storing else 0.0
    return each.declared.private and bool(fresh_seconds <= MOST_TRUSTED_SECONDS)


@rule(
    "P003",
    Severity.ERROR,
    "Sources are told apart by name: the second gets the stack, the cache and the answers of the "
    "first.",
    "Give each source a name of its own.",
)
def two_of_one_name(facts: Facts) -> Iterable[str]:
    names = [each.declared.name for each in facts.sources]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{names.count(name)} different sources are called {name}."


@rule(
    "P004",
    Severity.ERROR,
    "A source gets no argument that it does not ask for: this one is always None, so nobody is "
    "ever asked.",
    "Name the argument in asks, too.",
)
def needs_what_it_does_not_ask(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        needs = each.declared.needs
        if needs is not None and needs not in each.declared.asks:
            yield f"{each.declared.name} needs {needs}, and does not ask for it."


@rule(
    "P005",
    Severity.ERROR,
    "The service says that its reply is for one visitor alone (RFC 9111, 5.2.2.7), and the key "
    "does not say for whom.",
    "Name the person among what the source asks, or do without a fresh time.",
)
def private_under_a_shared_key(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        declared = each.declared
        if each.kept and declared.name in facts.private and not PERSONS & set(declared.asks):
            key = " + ".join((declared.name, *declared.asks))
            yield f"Replies of {declared.name} are marked private; the key is {key}."


def _fields(payload: Any) -> set[str]:
    """Return the names of all fields in a payload type, however deep."""
    try:
        schema = msgspec.json.schema(payload)
    except (TypeError, ValueError):
        return set()
    return set(_names(schema))


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for each in schema.values():
            yield from _names(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _names(each)


RULES = (
    primary_without_fallback,
    primary_in_postgres,
    primary_with_fallback,
    fresh_for_too_long,
    stale_for_too_short,
    switched_off,
    personal_under_a_shared_key,
    proofs_are_kept,
    two_of_one_name,
    needs_what_it_does_not_ask,
    private_under_a_shared_key,
)
