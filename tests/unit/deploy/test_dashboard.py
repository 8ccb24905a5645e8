"""The dashboard and the Compose profile: what they ask for is there."""

import json
import re
from typing import Any

import pytest
import yaml

from deploy.local.process import REPOSITORY
from tests.unit.deploy.judging import faults
from tests.unit.deploy.manifests import all_of, container, pods
from tests.unit.deploy.promql import read
from tests.unit.deploy.test_rules import RECORDED

FOLDER = REPOSITORY / "deploy/observability"
DASHBOARD: dict[str, Any] = json.loads(
    (FOLDER / "grafana/dashboards/gateway.json").read_text(encoding="utf-8")
)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
WATCHERS = ["prometheus", "grafana"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_is_counted(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert faults(target["expr"], RECORDED) == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_legend_names_labels_that_its_query_leaves(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        query = read(target["expr"])
        left = query.grouped_by or named if "by" in target["expr"] else {"instance", "upstream"}
        assert named <= left


def test_variables_ask_for_what_is_counted() -> None:
    asked = [v["definition"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    found = [re.fullmatch(r"label_values\((\w+), (\w+)\)", definition) for definition in asked]
    assert found
    for match in found:
        assert match
        assert faults(f"sum by ({match[2]}) ({match[1]})") == []


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", WATCHERS)
def test_who_watches_has_as_little_as_the_others(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["profiles"] == ["observability"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert "build" not in service
    assert [port.startswith("127.0.0.1:") for port in service["ports"]] == [True]


@pytest.mark.parametrize("name", WATCHERS)
def test_who_watches_finds_its_files(name: str) -> None:
    for volume in COMPOSE["services"][name]["volumes"]:
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (REPOSITORY / source).exists()
            assert volume.endswith(":ro")


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    provisioned = FOLDER / "grafana/provisioning"
    text = (provisioned / "datasources/prometheus.yml").read_text(encoding="utf-8")
    [source] = yaml.safe_load(text)["datasources"]
    assert source["url"] == "http://prometheus:9090"
    text = (provisioned / "dashboards/files.yml").read_text(encoding="utf-8")
    [provider] = yaml.safe_load(text)["providers"]
    mounts = [v.split(":") for v in COMPOSE["services"]["grafana"]["volumes"]]
    [folder] = [source for source, target, *_ in mounts if target == provider["options"]["path"]]
    assert (REPOSITORY / folder / "gateway.json").is_file()


def test_prometheus_scrapes_the_gateways_of_the_stack() -> None:
    scraping = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    [job] = scraping["scrape_configs"]
    assert job["job_name"] == "gateway"
    [place] = job["dns_sd_configs"]
    assert (place["names"], place["port"]) == (["gateway"], 8000)
    assert "front" in COMPOSE["services"]["prometheus"]["networks"]
    assert "front" in COMPOSE["services"]["gateway"]["networks"]


def test_the_cluster_is_scraped_under_the_same_name() -> None:
    """And by the labels and the name of the port that the manifests give."""
    text = (FOLDER / "prometheus.kubernetes.yml").read_text(encoding="utf-8")
    scraping = yaml.safe_load(text)
    [job] = scraping["scrape_configs"]
    assert job["job_name"] == "gateway"
    [place] = job["kubernetes_sd_configs"]
    assert place["namespaces"]["names"] == list(all_of("Namespace"))
    label = pods()["gateway"]["metadata"]["labels"]["app.kubernetes.io/name"]
    [port] = container("gateway")["ports"]
    kept = [rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"]
    assert kept == [label, port["name"]]
    added = {rule["target_label"] for rule in job["relabel_configs"] if "target_label" in rule}
    assert added == {"pod", "ready"}
