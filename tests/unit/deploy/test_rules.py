"""Alert rules: they ask for what is counted, and every alert says what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.process import REPOSITORY
from tests.unit.deploy import known
from tests.unit.deploy.judging import faults
from tests.unit.deploy.promql import read

FOLDER = REPOSITORY / "deploy/observability"
FILES = sorted(FOLDER.glob("rules/*.yml"))
RULES: list[dict[str, Any]] = [
    rule
    for file in FILES
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = frozenset(rule["record"] for rule in RULES if "record" in rule)
HANDBOOK = "docs/deploy.md"


def headings() -> set[str]:
    """The addresses of the handbook's sections."""
    text = (REPOSITORY / HANDBOOK).read_text(encoding="utf-8")
    return {
        re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_what_is_counted(rule: dict[str, Any]) -> None:
    assert faults(rule["expr"], RECORDED) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("gateway_pagez_total", "there is no metric gateway_pagez_total"),
        ('gateway_pages_total{part="x"}', "gateway_pages_total has no label part"),
        ("sum by (part) (gateway_pages_total)", "it groups by part"),
        ('gateway_page_seconds_bucket{le="0.45"}', "has no bucket 0.45"),
        ('gateway_fragments_total{state="stael"}', "there is no state stael"),
        ('gateway_policy_decisions_total{policy="braker"}', "there is no policy braker"),
        (
            'gateway_policy_decisions_total{policy="breaker",decision="won"}',
            "no such policy decides won",
        ),
        ("gateway_pages", "there is no metric gateway_pages"),
        ("1 > 0", "it names no metric"),
    ],
)
def test_a_query_for_what_is_not_counted_is_found_out(query: str, fault: str) -> None:
    assert any(fault in found for found in faults(query))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_happens_and_where_to_read_on(alert: dict[str, Any]) -> None:
    notes = alert["annotations"]
    assert notes["summary"].endswith(".")
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert notes["runbook"] == f"{HANDBOOK}#{alert['alert'].lower()}"
    assert alert["alert"].lower() in headings()


def test_the_handbook_explains_no_alert_that_is_gone() -> None:
    text = (REPOSITORY / HANDBOOK).read_text(encoding="utf-8")
    section = text.split("## When an alert fires")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^### (\w+)$", section, re.M)) == sorted(a["alert"] for a in ALERTS)


def test_names_are_used_once() -> None:
    names = [rule.get("alert") or rule["record"] for rule in RULES]
    assert len(names) == len(set(names))


def test_every_recorded_rule_is_used() -> None:
    used = {name for rule in RULES for name in read(rule["expr"]).metrics}
    assert RECORDED - used <= {f"gateway:asked:rate{window}" for window in WINDOWS}


WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@pytest.mark.parametrize("share", ["unanswered", "incomplete", "late"])
def test_every_window_is_measured_alike(share: str) -> None:
    """But for the window's length the rules of one share are one rule."""
    texts = {
        rule["expr"].replace(f"[{window}]", "[]").replace(f"rate{window}", "rate")
        for window in WINDOWS
        for rule in RULES
        if rule.get("record") == f"gateway:{share}:share{window}"
    }
    assert len(texts) == 1
    assert all(f"gateway:{share}:share{window}" in RECORDED for window in WINDOWS)


def test_what_counts_as_unanswered_are_the_primary_fragments() -> None:
    """A page whose primary fragment fails is answered with 503; one without another part is not."""
    [expr] = [r["expr"] for r in RULES if r.get("record") == "gateway:unanswered:share5m"]
    [named] = [
        set(matcher.values)
        for metric, matchers in read(expr).selectors
        if metric == "gateway_fragments_total"
        for matcher in matchers
        if matcher.label == "fragment"
    ]
    primary = {each.name for each in known.fragments() if each.primary}
    assert named == primary
    assert not primary & {each.name for each in known.fragments() if not each.primary}


def promtool(*arguments: str | Path) -> str:
    """Run promtool; skip where it is not installed."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here: it comes with Prometheus.")
    done = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_prometheus_can_read_the_rules() -> None:
    assert promtool("check", "rules", *FILES) == ""
    assert promtool("check", "config", FOLDER / "prometheus.yml") == ""


def test_alerts_fire_when_they_should_and_only_then() -> None:
    assert promtool("test", "rules", *sorted(Path(__file__).parent.glob("alerts*.yml"))) == ""
