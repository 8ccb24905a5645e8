"""Each rule fires for what it names, and not for what its remedy makes of it."""

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import gateway.runtime
from gateway.aggregation.layers import Layer
from gateway.ops.explain import audit as audit_room
from gateway.ops.explain.audit.facts import Facts, Subject
from gateway.ops.explain.audit.rule import Rule, Severity
from gateway.ops.explain.audit.rules import RULES, audit, exit_code
from gateway.ops.explain.pages import PAGES
from gateway.storefront.plan import PROMO
from gateway.storefront.shelves import AUTHORS, NEW_ARRIVALS
from tests.unit.ops.cases_of_files import CASES_OF_FILES
from tests.unit.ops.cases_outside import CASES_OUTSIDE
from tests.unit.ops.judging import (
    DATABASE,
    HEADERS,
    Account,
    Case,
    Make,
    endpoint,
    facts,
    fragment,
    page,
)

ROOM = f"{audit_room.__name__}."
BY_ID = {rule.id: rule for rule in RULES}


def _set(**changed: Any) -> Make:
    return lambda: facts(changed)


def _good() -> Facts:
    return facts()


def _database(**changed: Any) -> Make:
    return lambda: facts(database=changed)


def _declared(**changed: Any) -> Make:
    return lambda: facts(pages=(page(fragment(endpoint(**changed))),))


def _primary(**changed: Any) -> Make:
    return lambda: facts(pages=(page(fragment(endpoint(**changed), primary=True)),))


def _edge(directive: str, instead: str) -> Make:
    return lambda: facts(edge=re.sub(directive, instead, facts().edge))


def _header(**changed: str | None) -> Make:
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    kept = {name: value for name, value in {**HEADERS, **named}.items() if value is not None}
    return lambda: facts(headers=kept)


def _without_timeout() -> Facts:
    found = facts()
    stripped = tuple(
        Subject(each.declared, tuple(one for one in each.layers if one.name != "timeout"))
        for each in found.sources
    )
    return facts(sources=stripped)


def _with_more_calls(most: int) -> Make:
    def make() -> Facts:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gateway.runtime, "CALLS_PER_SERVICE", most)
            return facts()

    return make


def _postgres_of(connections: int, replicas: int = 3) -> Make:
    return lambda: facts(compose=f"-c, max_connections={connections}", replicas=replicas)


def _grace(seconds: int) -> Make:
    compose = f"services:\n  gateway:\n    stop_grace_period: {seconds}s\n  other:\n    x: 1\n"
    return lambda: facts(compose=compose)


CASES = (
    Case("T001", _set(PROMO_TIMEOUT_SECONDS=0.79), _set(PROMO_TIMEOUT_SECONDS=0.7), "promo"),
    Case("T002", _set(PROMO_TIMEOUT_SECONDS=0.76), _set(PROMO_TIMEOUT_SECONDS=0.7), "promo"),
    Case("T003", _set(PAGE_BUDGET_SECONDS=5.0), _set(PAGE_BUDGET_SECONDS=4.9), "edge waits for 5"),
    Case("T004", _set(PROMO_TIMEOUT_SECONDS=0.2), _good, "PROMO_TIMEOUT_SECONDS"),
    Case("T005", _without_timeout, _good, "promo"),
    Case("T006", _grace(17), _grace(18), "17 s"),
    Case("T007", _set(NOTICE_SECONDS=0.0), _good, "NOTICE_SECONDS"),
    Case("T008", _set(DRAIN_SECONDS=0.5), _good, "DRAIN_SECONDS"),
    Case("T009", _set(PAGE_BUDGET_SECONDS=3.5), _good, "3.5"),
    Case("T010", _set(MEMBERS_TIMEOUT_SECONDS=0.2), _good, "postgres"),
    Case("F001", _primary(fresh=None), _primary(fresh=None, fallback={}), "thing"),
    Case(
        "F002",
        lambda: facts(pages=(page(fragment(AUTHORS, primary=True)),)),
        lambda: facts(pages=(page(fragment(AUTHORS)),)),
        "authors",
    ),
    Case("F003", _primary(fallback={}), _primary(), "thing"),
    Case("K001", _set(PROMO_FRESH_SECONDS=7200.0), _set(PROMO_FRESH_SECONDS=600.0), "7200"),
    Case("K002", _set(STALE_SECONDS=10.0), _set(STALE_SECONDS=30.0), "STALE_SECONDS"),
    Case("K003", _set(RECCO_FRESH_SECONDS=0.0), _good, "RECCO_FRESH_SECONDS"),
    Case(
        "P001",
        _declared(payload=Account, asks=("limit",)),
        _declared(payload=Account, asks=("limit", "member_id")),
        "email",
    ),
    Case(
        "P002",
        _declared(asks=("member_id", "session_hash")),
        _declared(asks=("member_id", "session_hash"), fresh="MEMBERS_FRESH_SECONDS", private=True),
        "session_hash",
    ),
    Case(
        "P003",
        lambda: facts(pages=(page(fragment(PROMO)), page(fragment(endpoint(name="promo"))))),
        lambda: facts(pages=(page(fragment(PROMO)), page(fragment(endpoint())))),
        "promo",
    ),
    Case(
        "P004",
        _declared(needs="member_id", fallback={}),
        _declared(needs="member_id", asks=("member_id",), fallback={}),
        "member_id",
    ),
    Case(
        "P005",
        lambda: facts(pages=(page(fragment(endpoint())),), private=frozenset({"thing"})),
        lambda: facts(
            pages=(page(fragment(endpoint(asks=("member_id",)))),), private=frozenset({"thing"})
        ),
        "private",
    ),
    Case("C001", _with_more_calls(61), _with_more_calls(60), "60 connections"),
    Case(
        "C002",
        lambda: facts(pages=PAGES, connections=199),
        lambda: facts(pages=PAGES),
        "200 calls",
    ),
    Case("C003", _postgres_of(80), _postgres_of(90), "80"),
    Case("C004", _set(POSTGRES_POOL_SIZE=4), _set(POSTGRES_POOL_SIZE=5), "4"),
    Case("D001", _database(OPTIONS={"connect_timeout": 2}), _good, "statement_timeout"),
    Case("D002", _database(CONN_MAX_AGE=60), _good, "60"),
    Case("D003", _database(OPTIONS={"options": "-c statement_timeout=1"}), _good, "connect"),
    Case("S001", _set(SECRET_KEY="django-insecure-" + "k3J9xQ" * 8), _good, "placeholder"),
    Case("S002", _set(SECRET_KEY="hY2kq-V9s_4mW7tXc1bZ8nLr3PdJ6fGa"), _good, "32 characters"),
    Case("S003", _database(PASSWORD="shop"), _good, "DATABASE_URL"),
    Case(
        "S004",
        _set(REDIS_URL="redis://cache.foolscap.example:6379"),
        _set(REDIS_URL="rediss://:w8Rz2@cache.foolscap.example:6379"),
        "cache.foolscap.example",
    ),
    Case("S005", _set(EMAIL_HOST_PASSWORD=DATABASE["PASSWORD"]), _good, "EMAIL_URL"),
    Case("X001", _set(ALLOWED_HOSTS=["*"]), _good, "ALLOWED_HOSTS"),
    Case("X002", _set(DEBUG=True), _good, "DEBUG"),
    Case("X003", _set(HTTPS_ONLY=False), _good, "shop.foolscap.example"),
    Case(
        "X004",
        _set(PROMO_SERVICE_URL="http://promo.foolscap.example"),
        _set(PROMO_SERVICE_URL="https://promo.foolscap.example"),
        "PROMO_SERVICE_URL",
    ),
    Case(
        "X005",
        _set(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"),
        _good,
        "console",
    ),
    Case("X006", _set(EMAIL_USE_TLS=False), _good, "mail.foolscap.example"),
    Case("X007", _set(STANDINS=["weather"]), _set(STANDINS=["real-weather"]), "weather"),
    Case("X008", _set(SESSION_COOKIE_SECURE=False), _good, "SESSION_COOKIE_SECURE"),
    Case("X009", _set(COMPARE_PUBLIC=True), _good, "COMPARE_PUBLIC"),
    Case("H001", _header(server="daphne"), _header(server="nginx"), "daphne"),
    Case("H002", _header(x_frame_options=None), _good, "x-frame-options"),
    Case(
        "H003",
        _header(content_security_policy="script-src 'self' 'unsafe-inline'"),
        _good,
        "unsafe-inline",
    ),
    Case("E001", _set(MAX_BODY_BYTES=2_000_000), _set(MAX_BODY_BYTES=1_048_576), "2000000"),
    Case(
        "E002",
        _set(MANUSCRIPT_MAX_BYTES=200 * 1024**2),
        _set(MANUSCRIPT_MAX_BYTES=100 * 1024**2),
        "manuscript",
    ),
    Case("E003", _edge(r"proxy_no_cache .*?;", ""), _good, "proxy_no_cache"),
    Case("E004", _edge(r"server_tokens off;", ""), _good, "version"),
    *CASES_OUTSIDE,
    *CASES_OF_FILES,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.says}")
def test_a_rule_fires_for_what_it_names_and_not_for_the_remedy(case: Case) -> None:
    rule = BY_ID[case.rule]
    found = rule.findings(case.broken())
    assert found, "the broken version passes"
    assert any(case.says in each.what for each in found)
    assert rule.findings(case.fixed()) == ()


def test_every_rule_has_a_case_and_an_id_of_its_own() -> None:
    assert {case.rule for case in CASES} == set(BY_ID)
    assert len(BY_ID) == len(RULES)


def test_every_rule_that_is_written_is_asked() -> None:
    modules = [import_module(each.name) for each in iter_modules(audit_room.__path__, ROOM)]
    written = [each for m in modules for each in vars(m).values() if isinstance(each, Rule)]
    assert {each.id for each in written} == set(BY_ID)


def test_a_good_shop_has_neither_errors_nor_warnings() -> None:
    found = audit(facts(pages=PAGES))
    assert [each for each in found if each.severity is not Severity.NOTE] == []


@pytest.mark.parametrize(
    ("changed", "strict", "code"),
    [
        ({}, True, 0),
        ({"NOTICE_SECONDS": 0.0}, False, 0),
        ({"NOTICE_SECONDS": 0.0}, True, 1),
        ({"DEBUG": True}, False, 2),
    ],
)
def test_the_exit_code_follows_the_worst_finding(
    changed: dict[str, Any], strict: bool, code: int
) -> None:
    assert exit_code(audit(facts(changed)), strict=strict) == code


def test_a_rule_that_is_passed_over_finds_nothing_and_the_worst_comes_first() -> None:
    broken = facts({"DEBUG": True, "NOTICE_SECONDS": 0.0})
    found = audit(broken)
    assert [each.rule for each in found][:2] == ["X002", "X002"]
    assert "X002" not in {each.rule for each in audit(broken, frozenset({"X002"}))}


def test_no_finding_repeats_a_secret() -> None:
    """Canaries in every secret there is, each of them bad."""
    secret = "password-canary-" + "k3J9xQ" * 8
    broken = facts(
        {"SECRET_KEY": secret, "EMAIL_HOST_PASSWORD": secret, "REDIS_URL": f"redis://:{secret}@r"},
        database={"PASSWORD": secret},
    )
    found = audit(broken)
    assert {"S001", "S005"} <= {each.rule for each in found}
    assert not [each for each in found if "canary" in f"{each.what}{each.why}{each.remedy}"]


def test_without_the_files_of_a_deployment_their_rules_are_silent() -> None:
    """An image of the gateway has neither the edge's configuration nor Compose's."""
    none = {"edge": "", "proxied": "", "trusted": "", "compose": "", "examples": ""}
    found = audit(facts({"MAX_BODY_BYTES": 2}, services={}, manifests=(), **none))
    assert [each for each in found if each.rule[0] in "EQM" or each.rule == "T006"] == []


def test_a_layer_that_nobody_knows_does_not_stop_the_audit() -> None:
    odd = Subject(NEW_ARRIVALS, (Layer("odd", {}, lambda source: source),))
    assert {each.rule for each in audit(facts(sources=(odd,), pages=()))} >= {"T005"}


@pytest.mark.parametrize(
    ("fresh", "private"), [("RECCO_FRESH_SECONDS", True), ("MEMBERS_FRESH_SECONDS", False)]
)
def test_a_proof_may_be_kept_in_one_process_for_some_seconds_and_no_more(
    fresh: str, private: bool
) -> None:
    declared = endpoint(asks=("member_id", "session_hash"), fresh=fresh, private=private)
    found = audit(facts(pages=(page(fragment(declared)),)))
    assert "P002" in {each.rule for each in found}
