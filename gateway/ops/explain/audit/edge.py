"""Rules of headers (H) and of the edge (E)."""

import re
from collections.abc import Iterable

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule

LEAKING = ("x-powered-by", "x-aspnet-version", "x-generator", "x-runtime", "x-django-version")
NEEDED = (
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
)
_SOFTWARE = re.compile(r"/\d|daphne|uvicorn|gunicorn|hypercorn|granian|python|twisted|django", re.I)


@rule(
    "H001",
    Severity.WARNING,
    "Whoever looks for a hole is told which one to try.",
    "Take the header away: an empty server_name in Daphne, server_tokens off in nginx.",
)
def headers_that_leak(facts: Facts) -> Iterable[str]:
    for name in LEAKING:
        if name in facts.headers:
            yield f"The answer has a header {name}."
    server = facts.headers.get("server", "")
    if _SOFTWARE.search(server):
        yield f"The header Server says {server[:40]!r}."


@rule(
    "H002",
    Severity.ERROR,
    "A browser that is not told does what a hostile page asks of it.",
    "Put the middleware back: Security and PageHeaders set these.",
)
def headers_that_are_missing(facts: Facts) -> Iterable[str]:
    if not facts.headers:
        return
    strict = ("strict-transport-security",) if facts.settings.HTTPS_ONLY else ()
    for name in (*NEEDED, *strict):
        if name not in facts.headers:
            yield f"The answer has no header {name}."


@rule(
    "H003",
    Severity.ERROR,
    "A script that somebody smuggles into a page runs there.",
    "Keep scripts in files of ours, and unsafe-… out of CONTENT_SECURITY_POLICY.",
)
def a_soft_content_policy(facts: Facts) -> Iterable[str]:
    for word in re.findall(r"'unsafe-[a-z-]+'", facts.headers.get("content-security-policy", "")):
        yield f"Content-Security-Policy allows {word}."


@rule(
    "E001",
    Severity.WARNING,
    "What the one lets through the other refuses: visitors get the wrong page, or an upload goes "
    "all the way in vain.",
    "Make client_max_body_size in deploy/nginx/nginx.conf and MAX_BODY_BYTES the same.",
)
def two_limits_for_a_body(facts: Facts) -> Iterable[str]:
    edge, ours = facts.edge_bytes("client_max_body_size"), facts.settings.MAX_BODY_BYTES
    if edge is not None and edge != ours:
        yield f"The edge takes {edge} bytes, and the gateway {ours} (MAX_BODY_BYTES)."


@rule(
    "E002",
    Severity.ERROR,
    "The edge refuses manuscripts that the gateway would take, with a page that knows no limit.",
    "Let client_max_body_size of /manuscripts/ be a little over MANUSCRIPT_MAX_BYTES.",
)
def manuscripts_that_the_edge_refuses(facts: Facts) -> Iterable[str]:
    edge = facts.edge_bytes("client_max_body_size", "/manuscripts/")
    ours = facts.settings.MANUSCRIPT_MAX_BYTES
    if edge is not None and edge < ours:
        yield f"The edge takes {edge} bytes, and a manuscript may have {ours}."


@rule(
    "E003",
    Severity.ERROR,
    "The edge keeps the page of a member and shows it to the next visitor.",
    "Say proxy_no_cache and proxy_cache_bypass for whoever has a session.",
)
def members_pages_at_the_edge(facts: Facts) -> Iterable[str]:
    edge = re.sub(r"#.*", "", facts.edge)
    keeps = re.search(r"^\s*proxy_cache\s+(?!off)\w+\s*;", edge, re.M)
    for directive in ("proxy_no_cache", "proxy_cache_bypass"):
        if keeps and not re.search(rf"^\s*{directive}\s+\S", edge, re.M):
            yield f"The edge keeps pages, and says no {directive}."


@rule(
    "E004",
    Severity.WARNING,
    "The edge tells everybody which release of nginx it is.",
    "Say server_tokens off in deploy/nginx/nginx.conf.",
)
def an_edge_that_tells_its_version(facts: Facts) -> Iterable[str]:
    edge = re.sub(r"#.*", "", facts.edge)
    if edge and not re.search(r"^\s*server_tokens\s+off\s*;", edge, re.M):
        yield "The edge says its version."


RULES = (
    headers_that_leak,
    headers_that_are_missing,
    a_soft_content_policy,
    two_limits_for_a_body,
    manuscripts_that_the_edge_refuses,
    members_pages_at_the_edge,
    an_edge_that_tells_its_version,
)
