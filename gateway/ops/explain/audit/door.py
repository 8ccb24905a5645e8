"""Rules of the edge (E), continued: whom it believes, what it keeps, what it passes on."""

import re
from collections.abc import Iterable

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule

ANYBODY = ("0.0.0.0/0", "::/0")
OVERWRITTEN = {"X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$visitor_scheme"}
TAKEN_AWAY = ("Daphne-Root-Path", "Forwarded", "X-Script-Name", "Proxy")


@rule(
    "E005",
    Severity.ERROR,
    "A page that is packed and holds a token tells of it by its length (BREACH).",
    "Leave gzip off; files are packed once, by gzip_static.",
)
def packed_pages(facts: Facts) -> Iterable[str]:
    for said in (*facts.says(facts.edge, "gzip"), *facts.says(facts.proxied, "gzip")):
        if said == "on":
            yield "The edge packs pages."


@rule(
    "E006",
    Severity.ERROR,
    "Any visitor says by which scheme and from which address he has come: limits, throttling and "
    "https alone go by that.",
    "Name the proxies in front of the edge, and nobody else, in deploy/nginx/trusted.conf.",
)
def everybody_is_believed(facts: Facts) -> Iterable[str]:
    if re.search(r"default\s+1\s*;", re.sub(r"#.*", "", facts.trusted)):
        yield "trusted.conf believes everybody by default."
    named = [*facts.says(facts.trusted, "set_real_ip_from"), *_believed(facts.trusted)]
    for address in dict.fromkeys(named):
        if address in ANYBODY:
            yield f"trusted.conf believes {address}."


def _believed(trusted: str) -> list[str]:
    return re.findall(r"^\s*(\S+/\d+)\s+1\s*;", re.sub(r"#.*", "", trusted), re.M)


@rule(
    "E007",
    Severity.ERROR,
    "A page that was made for one host, scheme or address is shown for another.",
    "Keep $visitor_scheme, $http_host and $request_uri in proxy_cache_key.",
)
def a_key_that_leaves_something_out(facts: Facts) -> Iterable[str]:
    for key in facts.says(facts.edge, "proxy_cache_key"):
        for part in ("scheme", "host", "request_uri"):
            if part not in key:
                yield f"The key of kept pages has no {part}."


@rule(
    "E008",
    Severity.ERROR,
    "What a visitor claims about himself arrives, and is believed.",
    "Overwrite X-Forwarded-For and X-Forwarded-Proto in deploy/nginx/proxy.conf, and empty the "
    "others.",
)
def claims_that_are_passed_on(facts: Facts) -> Iterable[str]:
    if not facts.proxied:
        return
    told = dict(
        said.split(None, 1) for said in facts.says(facts.proxied, "proxy_set_header") if " " in said
    )
    for name, value in OVERWRITTEN.items():
        if told.get(name) != value:
            yield f"The edge tells the gateway {name} as {told.get(name, 'the visitor says')}."
    for name in TAKEN_AWAY:
        if told.get(name) != '""':
            yield f"The edge passes on {name}."


@rule(
    "E009",
    Severity.ERROR,
    "What the gateway says of keeping is not heeded: pages of members, and cookies, are kept.",
    "Leave Cache-Control, Expires, Set-Cookie and Vary out of proxy_ignore_headers, and say no "
    "proxy_cache_valid.",
)
def an_edge_that_keeps_what_it_likes(facts: Facts) -> Iterable[str]:
    for text in (facts.edge, facts.proxied):
        for said in facts.says(text, "proxy_ignore_headers"):
            for name in {"Cache-Control", "Expires", "Set-Cookie", "Vary"} & set(said.split()):
                yield f"The edge passes over {name} of the gateway."
        for said in facts.says(text, "proxy_cache_valid"):
            yield f"The edge keeps pages for as long as it likes: {said}."


@rule(
    "E010",
    Severity.ERROR,
    "What changes something is done twice where a gateway drops the connection after doing it.",
    "Leave non_idempotent out of proxy_next_upstream.",
)
def orders_that_are_sent_twice(facts: Facts) -> Iterable[str]:
    for text in (facts.edge, facts.proxied):
        if any("non_idempotent" in said for said in facts.says(text, "proxy_next_upstream")):
            yield "The edge sends a POST to a second gateway."


@rule(
    "E011",
    Severity.ERROR,
    "Everybody reads how much of what is going on, and which sources there are.",
    "Answer 404 on /metrics to whoever is not from inside, as deploy/nginx/nginx.conf does.",
)
def measures_for_everybody(facts: Facts) -> Iterable[str]:
    place = facts.edge_location("/metrics")
    if facts.edge and not re.search(r"if \(\$may_measure = 0\)|deny all|internal;", place):
        yield "The edge shows /metrics to visitors."


@rule(
    "E012",
    Severity.WARNING,
    "Visitors see what files there are, or how large a request may be is up to them.",
    "Leave autoindex off, and give client_max_body_size a size.",
)
def an_edge_without_manners(facts: Facts) -> Iterable[str]:
    if "on" in facts.says(facts.edge, "autoindex"):
        yield "The edge lists folders."
    if "0" in facts.says(facts.edge, "client_max_body_size"):
        yield "The edge takes bodies of any size."
    if facts.edge and not facts.says(facts.edge, "limit_conn"):
        yield "One address may have as many connections as it likes."


@rule(
    "E013",
    Severity.WARNING,
    "The edge cuts an upload that the gateway would still wait for, and tells its visitor nothing.",
    "Let client_body_timeout and proxy_read_timeout of /manuscripts/ be longer than "
    "MANUSCRIPT_IDLE_SECONDS.",
)
def uploads_that_the_edge_cuts(facts: Facts) -> Iterable[str]:
    waits = facts.settings.MANUSCRIPT_IDLE_SECONDS
    for directive in ("client_body_timeout", "proxy_read_timeout"):
        edge = facts.edge_seconds(directive, "/manuscripts/")
        if edge is not None and edge <= waits:
            yield f"{directive} of /manuscripts/ is {edge:g} s, and the gateway waits {waits:g} s."


@rule(
    "E014",
    Severity.WARNING,
    "What the gateway sends little by little arrives all at once, at the end; or an upload is "
    "gathered in the edge first.",
    "proxy_buffering off where events come, proxy_request_buffering off for /manuscripts/.",
)
def streams_that_are_held_back(facts: Facts) -> Iterable[str]:
    events = facts.edge_location("/events")
    if events and "off" not in facts.says(events, "proxy_buffering"):
        yield "The edge holds back the events of gift wrapping."
    uploads = facts.edge_location("/manuscripts/")
    if uploads and "off" not in facts.says(uploads, "proxy_request_buffering"):
        yield "The edge gathers uploads before it passes them on."


RULES = (
    packed_pages,
    everybody_is_believed,
    a_key_that_leaves_something_out,
    claims_that_are_passed_on,
    an_edge_that_keeps_what_it_likes,
    orders_that_are_sent_twice,
    measures_for_everybody,
    an_edge_without_manners,
    uploads_that_the_edge_cuts,
    streams_that_are_held_back,
)
