"""The findings as text: readable without colours, grouped by rule, never wider than a terminal."""

import re

from gateway.ops.explain.audit.hosts import host_of, is_public
from gateway.ops.explain.audit.report import told
from gateway.ops.explain.audit.rules import RULES, audit
from gateway.ops.explain.pages import PAGES
from tests.unit.ops.judging import facts


def test_a_reason_and_a_remedy_are_told_once_for_a_rule_however_often_it_is_broken() -> None:
    found = audit(facts({"STALE_SECONDS": 1.0}, pages=PAGES))
    text = told(found, colour=False)
    assert sum(each.rule == "K002" for each in found) > 3
    assert text.count("K002") == 1
    assert text.count("then stand in for 1 s") == sum(each.rule == "K002" for each in found)


def test_colours_are_given_only_where_they_are_wanted() -> None:
    found = audit(facts({"DEBUG": True, "NOTICE_SECONDS": 0.0}, pages=PAGES))
    plain, coloured = told(found, colour=False), told(found, colour=True)
    assert "\033" not in plain
    assert re.sub(r"\033\[\d+m", "", coloured) == plain
    assert coloured != plain


def test_no_line_is_wider_than_a_terminal() -> None:
    found = audit(facts({"DEBUG": True, "PAGE_BUDGET_SECONDS": 0.2}, pages=PAGES))
    assert max(map(len, told(found, colour=False).splitlines())) <= 100


def test_what_was_found_is_counted_at_the_end() -> None:
    one = audit(facts({"NOTICE_SECONDS": 0.0}))
    assert told(one, colour=False).endswith(f"{len(RULES)} rules: 0 errors, 1 warning, 1 note.")
    assert told((), colour=False) == f"{len(RULES)} rules, and nothing found."


def test_a_host_is_public_by_its_number_or_its_name() -> None:
    inside = ("localhost", "postgres", "10.1.2.3", "::1", "a.svc.cluster.local", "promo.internal")
    assert [host for host in inside if is_public(host)] == []
    outside = ("shop.example.com", "93.184.216.34", "2606:2800:220:1::1", "SHOP.EXAMPLE.")
    assert [host for host in outside if not is_public(host)] == []
    assert host_of("http://[") == ""
