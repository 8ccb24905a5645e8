"""Rules of secrets (S). No finding ever repeats one."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.hosts import host_of, is_public
from gateway.ops.explain.audit.rule import Severity, rule

GOOD_LENGTH = 43
"""Characters of 32 random bytes, as ``secrets.token_urlsafe`` writes them."""
FEW_CHARACTERS = 12
_PLACEHOLDERS = re.compile(
    r"change.?me|insecure|only.for.tests|example|placeholder|your.?secret|secret.?key|"
    r"not.?secret|dummy|default|password|12345|abcdef|qwerty",
    re.I,
)
_COMMON = frozenset(
    {"", "admin", "changeme", "demo", "foolscap", "pass", "password", "postgres", "root", "secret"}
    | {"shop", "test", "user", "12345", "123456", "12345678", "qwerty"}
)


@rule(
    "S001",
    Severity.ERROR,
    "Whoever knows it signs sessions of anybody, staff too: the session is a signed cookie.",
    "Make one for this deployment alone: openssl rand -base64 48",
)
def a_secret_that_others_know(facts: Facts) -> Iterable[str]:
    secret = facts.settings.SECRET_KEY
    if _PLACEHOLDERS.search(secret):
        yield "SECRET_KEY reads like an example or a placeholder."
    elif len(set(secret)) < FEW_CHARACTERS:
        yield "SECRET_KEY is made of a few characters that repeat."
    elif secret in facts.examples:
        yield "SECRET_KEY stands in the files that come with the shop."


@rule(
    "S002",
    Severity.WARNING,
    "A short secret can be found by trying, with one signed cookie at hand.",
    f"Use {GOOD_LENGTH} random characters or more.",
)
def a_short_secret(facts: Facts) -> Iterable[str]:
    length = len(facts.settings.SECRET_KEY)
    if length < GOOD_LENGTH:
        yield f"SECRET_KEY has {length} characters."


@rule(
    "S003",
    Severity.ERROR,
    "Whoever reaches the database's port is let in by the first guess.",
    "Give the database's user a random password, in DATABASE_URL_FILE.",
)
def a_database_password_that_is_none(facts: Facts) -> Iterable[str]:
    database = facts.settings.DATABASES["default"]
    host, password = str(database.get("HOST") or ""), str(database.get("PASSWORD") or "")
    if not host or host.startswith("/"):
        return  # a socket: the system says who may speak there
    if password.lower() in _COMMON or password == database.get("USER"):
        yield "The password in DATABASE_URL is empty, common, or the user's own name."


@rule(
    "S004",
    Severity.ERROR,
    "Whoever reaches it reads and writes what pages show.",
    "Give Redis a password (rediss://:password@host), and no address in the world.",
)
def an_open_redis(facts: Facts) -> Iterable[str]:
    address = facts.settings.REDIS_URL
    if is_public(host_of(address)) and not urlsplit(address).password:
        yield f"REDIS_URL names the public host {host_of(address)}, without a password."


@rule(
    "S005",
    Severity.WARNING,
    "Whoever finds out one has the other as well.",
    "Make every secret anew.",
)
def one_secret_for_two(facts: Facts) -> Iterable[str]:
    secret = facts.settings.SECRET_KEY
    database = str(facts.settings.DATABASES["default"].get("PASSWORD") or "")
    redis = _password(facts.settings.REDIS_URL)
    mail = str(getattr(facts.settings, "EMAIL_HOST_PASSWORD", "") or "")
    named = {
        "SECRET_KEY": secret,
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "EMAIL_URL": mail,
    }
    held: dict[str, list[str]] = {}
    for name, value in named.items():
        if value:
            held.setdefault(value, []).append(name)
    for names in held.values():
        if len(names) > 1:
            yield f"{' and '.join(names)} hold the same secret."


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


RULES = (
    a_secret_that_others_know,
    a_short_secret,
    a_database_password_that_is_none,
    an_open_redis,
    one_secret_for_two,
)
