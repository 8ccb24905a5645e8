"""Rules of what is shown to the world (X): hosts, debugging, plain text, stand-ins, mail."""

from collections.abc import Iterable

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.hosts import host_of, is_public
from gateway.ops.explain.audit.rule import Severity, rule

_UNSENT = ("console", "locmem", "dummy", "filebased")


@rule(
    "X001",
    Severity.ERROR,
    "Any Host is believed: links in mails and pages lead wherever a stranger says.",
    "Name the shop's own hosts in ALLOWED_HOSTS.",
)
def any_host(facts: Facts) -> Iterable[str]:
    for host in facts.settings.ALLOWED_HOSTS:
        if host.strip() == "*":
            yield "ALLOWED_HOSTS takes every name (*)."


@rule(
    "X002",
    Severity.ERROR,
    "Every error shows settings, code and values to whoever meets it.",
    "Set DEBUG=false wherever visitors come.",
)
def debugging_in_front_of_visitors(facts: Facts) -> Iterable[str]:
    if not facts.settings.DEBUG:
        return
    if facts.settings.HTTPS_ONLY:
        yield "DEBUG is on together with HTTPS_ONLY."
    for host in facts.settings.ALLOWED_HOSTS:
        if is_public(host.lstrip(".")):
            yield f"DEBUG is on, and the shop is known as {host}."


@rule(
    "X003",
    Severity.ERROR,
    "Passwords and sessions go over the wire as they are.",
    "Set HTTPS_ONLY=true and put TLS in front.",
)
def plain_http_in_public(facts: Facts) -> Iterable[str]:
    if facts.settings.HTTPS_ONLY:
        return
    for host in facts.settings.ALLOWED_HOSTS:
        if is_public(host.lstrip(".")):
            yield f"HTTPS_ONLY is off, and the shop is known as {host}."


@rule(
    "X004",
    Severity.ERROR,
    "Whoever is on the way reads what members are recommended, and writes what pages say.",
    "Use https:// for services that are not inside your own network.",
)
def plain_http_to_a_public_host(facts: Facts) -> Iterable[str]:
    names = {getattr(each.declared, "service", None) for each in facts.sources}
    for name in sorted(name for name in names if name):
        address = str(getattr(facts.settings, name))
        if address.startswith("http://") and is_public(host_of(address)):
            yield f"{name} speaks plain http to {host_of(address)}."


@rule(
    "X005",
    Severity.ERROR,
    "Mails to members go to a log, or nowhere: nobody can confirm an address.",
    "Set EMAIL_URL, such as smtp+tls://user:password@host:587.",
)
def mail_that_is_not_sent(facts: Facts) -> Iterable[str]:
    backend = str(getattr(facts.settings, "EMAIL_BACKEND", ""))
    kind = next((each for each in _UNSENT if f".{each}." in backend), None)
    if facts.in_production and kind is not None:
        yield f"Mail is written to the {kind} backend."


@rule(
    "X006",
    Severity.ERROR,
    "The password, and every mail, can be read on the way.",
    "Use smtp+tls:// or smtp+ssl:// in EMAIL_URL.",
)
def mail_in_plain_text(facts: Facts) -> Iterable[str]:
    ours = facts.settings
    host = str(getattr(ours, "EMAIL_HOST", "") or "")
    safe = getattr(ours, "EMAIL_USE_TLS", False) or getattr(ours, "EMAIL_USE_SSL", False)
    if "smtp" in str(getattr(ours, "EMAIL_BACKEND", "")) and is_public(host) and not safe:
        yield f"Mail goes to {host} without TLS."


@rule(
    "X007",
    Severity.ERROR,
    "Visitors are shown made-up weather, or mails end in a mailbox of our own.",
    "Name the real services, and leave STANDINS empty.",
)
def stand_ins_in_production(facts: Facts) -> Iterable[str]:
    # Compose writes real-… where there is a real one.
    standing = [each for each in facts.settings.STANDINS if not each.startswith("real-")]
    if facts.in_production and standing:
        yield f"STANDINS is {', '.join(standing)}."


@rule(
    "X008",
    Severity.ERROR,
    "A cookie that also goes over plain http can be taken there.",
    "Leave these settings as gateway/settings.py derives them from HTTPS_ONLY.",
)
def cookies_that_are_not_secure(facts: Facts) -> Iterable[str]:
    wanted = (
        *(("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE") if facts.settings.HTTPS_ONLY else ()),
        "SESSION_COOKIE_HTTPONLY",
    )
    for name in wanted:
        if not getattr(facts.settings, name):
            yield f"{name} is off."


@rule(
    "X009",
    Severity.NOTE,
    "Each view of /compare/ asks every source three times, for anybody.",
    "Set COMPARE_PUBLIC=false: staff still see it.",
)
def comparing_for_everybody(facts: Facts) -> Iterable[str]:
    if facts.in_production and facts.settings.COMPARE_PUBLIC:
        yield "COMPARE_PUBLIC is on."


RULES = (
    any_host,
    debugging_in_front_of_visitors,
    plain_http_in_public,
    plain_http_to_a_public_host,
    mail_that_is_not_sent,
    mail_in_plain_text,
    stand_ins_in_production,
    cookies_that_are_not_secure,
    comparing_for_everybody,
)
