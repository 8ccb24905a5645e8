"""Facts for rules: today's settings with some of them changed, and pages that a test declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import msgspec
from django.conf import settings
from django.test import override_settings

import gateway.runtime
from gateway.aggregation.compose import Fragment, Plan
from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.gathering import gather
from gateway.ops.explain.pages import Page
from gateway.sources.declaration import Declaration
from gateway.sources.http import Endpoint
from gateway.storefront.plan import AUTHOR_LIST, HOME

GOOD = {
    # By itself it lies in the checkout, wherever that is.
    "UPLOADS_ROOT": "/var/lib/shop-uploads",
    "SECRET_KEY": "hY2kq-V9s_4mW7tXc1bZ8nLr3PdJ6fGa5QeUoTiKwRvM",
    "ALLOWED_HOSTS": ["shop.foolscap.example"],
    "HTTPS_ONLY": True,
    "DEBUG": False,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "NOTICE_SECONDS": 5.0,
    "STANDINS": [],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.foolscap.example",
    "EMAIL_USE_TLS": True,
    "EMAIL_HOST_PASSWORD": "ZbM2-vVtJw81",
    "REDIS_URL": "redis://redis:6379/0",
    "DEFAULT_FROM_EMAIL": "Foolscap <shop@foolscap.example.org>",
}
"""Settings of a shop that visitors come to, in which nothing is amiss."""

DATABASE = {
    "HOST": "postgres",
    "USER": "shop",
    "PASSWORD": "xR5_fjW0qLhT",
    "CONN_MAX_AGE": 0,
    "OPTIONS": {"connect_timeout": 2, "options": "-c statement_timeout=5000"},
}
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=()",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def facts(
    changed: Mapping[str, Any] | None = None,
    *,
    database: Mapping[str, Any] | None = None,
    pages: tuple[Page, ...] = (),
    headers: Mapping[str, str] | None = None,
    **others: Any,
) -> Facts:
    """Return the facts of a good shop, with ``changed`` settings and ``others`` of its facts."""
    ours = {**GOOD, **(changed or {})}
    with override_settings(**ours):
        found = gather(pages) if pages else _usual(repr(ours), gateway.runtime.CALLS_PER_SERVICE)
        plain = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    plain["DATABASES"] = {"default": {**DATABASE, **(database or {})}}
    told = {**found_files(found), "headers": HEADERS if headers is None else headers, **others}
    return replace(found, settings=SimpleNamespace(**plain), **told)


@cache
def _usual(settings_of_today: str, calls: int) -> Facts:
    """Gather two pages, once for all who ask with the same settings."""
    return gather((page(*HOME.fragments), page(*AUTHOR_LIST.fragments, name="list")))


def found_files(found: Facts) -> dict[str, str]:
    """Return the files of the deployment, to be changed by a test."""
    return {"edge": found.edge, "compose": found.compose, "examples": found.examples}


def page(*fragments: Fragment, name: str = "page") -> Page:
    """Return a page of these fragments, with the budget of today's settings."""
    return Page(name, ("/page/",), (Plan(name, settings.PAGE_BUDGET_SECONDS, fragments),))


def fragment(declared: Declaration, *, primary: bool = False) -> Fragment:
    """Return a fragment of the source that is declared."""
    return Fragment(declared.name, declared, primary=primary)


def endpoint(**changed: Any) -> Endpoint:
    """Return a service's source, kept, without a fallback; with some of its parts changed."""
    usual: dict[str, Any] = {
        "name": "thing",
        "service": "PROMO_SERVICE_URL",
        "path": "/v1/thing",
        "payload": dict[str, int],
        "timeout": "PROMO_TIMEOUT_SECONDS",
        "fresh": "PROMO_FRESH_SECONDS",
    }
    return Endpoint(**{**usual, **changed})


@dataclass(frozen=True)
class Case:
    """A misconfiguration, what its remedy makes of it, and a word that the finding must say."""

    rule: str
    broken: "Make"
    fixed: "Make"
    says: str


Make = Callable[[], Facts]


class Account(msgspec.Struct, frozen=True):
    """What is somebody's own."""

    email: str
