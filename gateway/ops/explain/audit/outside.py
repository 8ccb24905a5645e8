"""Rules of the world (X) and of the database (D), continued: addresses that cannot be meant."""

from collections.abc import Iterable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.hosts import host_of, is_public
from gateway.ops.explain.audit.rule import Severity, rule

DAY_SECONDS = 86_400.0
SERVICES = ("PROMO_SERVICE_URL", "RECCO_SERVICE_URL")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
POOLERS = ("pgbouncer", "pooler", "pgcat", "odyssey")
EXAMPLES = ("foolscap.example", "example.com", "example.org", "example.net")
POOLER_PORT = "6432"
CHECKED = ("verify-ca", "verify-full")


@rule(
    "X010",
    Severity.WARNING,
    "Its pool is poisoned for good by calls that were cancelled (encode/httpcore#1093): after some "
    "hundred of them every page lacks its services.",
    "Leave HTTP_TRANSPORT at aiohttp: docs/decisions/0002-http-transport.md.",
)
def a_transport_that_is_for_comparison(facts: Facts) -> Iterable[str]:
    if facts.settings.HTTP_TRANSPORT == "httpcore":
        yield "HTTP_TRANSPORT is httpcore."


@rule(
    "X011",
    Severity.WARNING,
    "Mails in the name of a shop that is not yours are taken for forgeries, and thrown away.",
    "Set EMAIL_FROM to an address of your own.",
)
def mails_in_the_name_of_another(facts: Facts) -> Iterable[str]:
    _, address = parseaddr(str(facts.settings.DEFAULT_FROM_EMAIL))
    domain = address.rpartition("@")[2].lower()
    if facts.in_production and (domain in EXAMPLES or "." not in domain):
        yield f"Mails come from {address or 'nobody'}."


@rule(
    "X012",
    Severity.ERROR,
    "In a container or a pod that is the gateway itself: nobody answers, or a page asks itself.",
    "Name the service as the gateway reaches it.",
)
def services_on_the_gateways_own_host(facts: Facts) -> Iterable[str]:
    own = {host.lstrip(".") for host in facts.settings.ALLOWED_HOSTS} - set(LOOPBACK)
    for name in SERVICES:
        host = host_of(str(getattr(facts.settings, name)))
        if facts.in_production and (host in LOOPBACK or host in own):
            yield f"{name} is {host}."


@rule(
    "X013",
    Severity.WARNING,
    "Two names for one server: one of them is mistyped, or both fail together.",
    "Give each service its own address.",
)
def two_services_at_one_address(facts: Facts) -> Iterable[str]:
    promo, recco = (str(getattr(facts.settings, name)).rstrip("/") for name in SERVICES)
    if promo == recco:
        yield f"{' and '.join(SERVICES)} are the same."


@rule(
    "X014",
    Severity.ERROR,
    "Whatever anybody uploads is shown to everybody, from the shop's own host; or it is gone after "
    "the next start.",
    "Give UPLOADS_ROOT a folder that is kept, that all replicas see, and that nobody serves.",
)
def uploads_that_are_served_or_lost(facts: Facts) -> Iterable[str]:
    uploads, static = (Path(getattr(facts.settings, n)) for n in ("UPLOADS_ROOT", "STATIC_ROOT"))
    if uploads == static or static in uploads.parents:
        yield "UPLOADS_ROOT lies in STATIC_ROOT."
    fleeting = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108 - it is what we look for
    if facts.in_production and str(uploads).startswith(tuple(f"{each}/" for each in fleeting)):
        yield f"UPLOADS_ROOT is {uploads}, which does not outlive the container."


@rule(
    "X015",
    Severity.WARNING,
    "A single manuscript may fill the room of all, and then nobody can send one.",
    "Let MANUSCRIPTS_QUOTA_BYTES be many times MANUSCRIPT_MAX_BYTES.",
)
def no_room_for_two(facts: Facts) -> Iterable[str]:
    one, every = facts.settings.MANUSCRIPT_MAX_BYTES, facts.settings.MANUSCRIPTS_QUOTA_BYTES
    if one * 2 > every:
        yield f"One manuscript may have {one} bytes, and all together {every}."


@rule(
    "X016",
    Severity.ERROR,
    "Whoever owns a name under that ending is believed to be us.",
    "Name hosts, or the shop's own domain with all below it (.shop.example).",
)
def a_host_that_is_an_ending(facts: Facts) -> Iterable[str]:
    for host in facts.settings.ALLOWED_HOSTS:
        if host.startswith(".") and host.count(".") == 1 and host.strip("."):
            yield f"ALLOWED_HOSTS takes every name that ends in {host}."


@rule(
    "X017",
    Severity.NOTE,
    "Public services count how often they are asked, and stop answering who asks for each view.",
    "Give WEATHER_FRESH_SECONDS and AVATAR_FRESH_SECONDS some minutes.",
)
def public_services_asked_for_each_view(facts: Facts) -> Iterable[str]:
    for name in ("WEATHER", "AVATAR"):
        host = host_of(str(getattr(facts.settings, f"{name}_SERVICE_URL")))
        if is_public(host) and getattr(facts.settings, f"{name}_FRESH_SECONDS") <= 0:
            yield f"{name}_FRESH_SECONDS is 0, and {host} is a public service."


@rule(
    "K004",
    Severity.WARNING,
    "A page shows the offers of days ago as if a source had just failed.",
    "Set STALE_SECONDS to hours at the most.",
)
def stale_for_days(facts: Facts) -> Iterable[str]:
    if facts.settings.STALE_SECONDS > DAY_SECONDS:
        yield f"STALE_SECONDS is {facts.settings.STALE_SECONDS:g} s."


@rule(
    "D004",
    Severity.WARNING,
    "One hole in the shop, and all databases of the server are lost.",
    "Give the shop a role that owns its own tables and nothing else (docs/deploy.md, 3).",
)
def a_role_that_rules_the_server(facts: Facts) -> Iterable[str]:
    database = facts.settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    if database.get("USER") in ("postgres", "root", "admin") and host and not host.startswith("/"):
        yield f"The shop speaks to Postgres as {database['USER']}."


@rule(
    "D005",
    Severity.ERROR,
    "Whoever is on the way reads members and their passwords' hashes, or pretends to be Postgres.",
    "Add ?sslmode=verify-full&sslrootcert=system to DATABASE_URL, and use rediss:// in REDIS_URL.",
)
def data_in_plain_text(facts: Facts) -> Iterable[str]:
    database = facts.settings.DATABASES["default"]
    host, mode = str(database.get("HOST") or ""), database.get("OPTIONS", {}).get("sslmode")
    if is_public(host) and mode not in CHECKED:
        yield f"Nobody checks who {host} is: sslmode is {mode or 'not given'}."
    redis = urlsplit(facts.settings.REDIS_URL)
    if is_public(redis.hostname or "") and redis.scheme == "redis":
        yield f"Redis at {redis.hostname} is spoken to without TLS."


@rule(
    "D006",
    Severity.WARNING,
    "A pooler that shares connections between transactions forgets time limits, locks of workers "
    "and what the chat listens to.",
    "Name Postgres itself, or a pooler in session mode (then pass over this rule).",
)
def a_pooler_in_between(facts: Facts) -> Iterable[str]:
    database = facts.settings.DATABASES["default"]
    host = str(database.get("HOST") or "").lower()
    if str(database.get("PORT") or "") == POOLER_PORT or any(name in host for name in POOLERS):
        port = database.get("PORT") or 5432
        yield f"DATABASE_URL names {host}:{port}, which looks like a pooler."


RULES = (
    a_transport_that_is_for_comparison,
    mails_in_the_name_of_another,
    services_on_the_gateways_own_host,
    two_services_at_one_address,
    uploads_that_are_served_or_lost,
    no_room_for_two,
    a_host_that_is_an_ending,
    public_services_asked_for_each_view,
    stale_for_days,
    a_role_that_rules_the_server,
    data_in_plain_text,
    a_pooler_in_between,
)
