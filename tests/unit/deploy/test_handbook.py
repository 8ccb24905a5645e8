"""docs/deploy.md: what can be tried of it without a cluster is tried."""

import re
import subprocess

import pytest
import yaml
from django.core.management import get_commands

from deploy.local.process import REPOSITORY
from tests.unit.deploy.manifests import all_of, pods
from tests.unit.deploy.test_rules import headings

TEXT = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)
GIVEN = {"REGISTRY": "images.test:5000/books", "RELEASE": "7.8.9", "SHOP": "books.test"}
APPLIED = re.findall(r"render (\S+) \| kubectl apply", TEXT)


def rendered(pattern: str) -> str:
    """Return what the handbook's own function makes of some manifests, with values of ours."""
    [function] = [line for line in TEXT.splitlines() if line.startswith("render() ")]
    values = "\n".join(f"{name}={value}" for name, value in GIVEN.items())
    script = f"set -eu\n{values}\n{function}\nrender {pattern}\n"
    return subprocess.run(
        ["sh", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("pattern", APPLIED)
def test_what_is_applied_names_nobody_elses_things(pattern: str) -> None:
    text = rendered(pattern)
    objects = [found for found in yaml.safe_load_all(text) if found]
    assert len(objects) >= len(list(REPOSITORY.glob(pattern)))
    assert "images.example" not in text
    assert "shop.example" not in text
    images = re.findall(r"image: (\S+)", text)
    assert all(re.fullmatch(r"images\.test:5000/books/\w+:7\.8\.9", image) for image in images)


def test_everything_but_the_example_of_a_secret_is_applied() -> None:
    applied = {file for pattern in APPLIED for file in REPOSITORY.glob(pattern)}
    left = set((REPOSITORY / "deploy/kubernetes").rglob("*.yaml")) - applied
    assert {file.name for file in left} == {"secret.yaml"}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_command_can_be_read_by_a_shell(block: str) -> None:
    subprocess.run(["sh", "-n", "-c", block], check=True)


def test_every_image_of_the_manifests_is_built_and_pushed() -> None:
    built = re.findall(r"^docker compose build (.+)$", TEXT, re.M)
    tagged = re.findall(r"^for image in (.+); do$", TEXT, re.M)
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    used = {
        pod["spec"]["containers"][0]["image"].rpartition("/")[2].partition(":")[0]
        for pod in pods().values()
    }
    assert built == tagged
    assert used == set(built[0].split())
    for name in used:
        assert services[name]["image"] == f"page-aggregator/{name}"
        assert services[name]["build"]


def test_the_secret_that_is_made_is_the_one_of_the_example() -> None:
    made = re.findall(r"--from-literal=(\w+)=", TEXT)
    assert sorted(made) == sorted(all_of("Secret")["shop"]["stringData"])


def test_every_command_of_djangos_is_there() -> None:
    named = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert named <= set(get_commands())
    assert "createsuperuser" in named


def test_every_file_that_is_named_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)
    assert all((REPOSITORY / "docs" / link).exists() for link in links if "://" not in link)
    paths = re.findall(r"`(deploy/[\w./-]+)`", TEXT)
    assert paths
    assert all((REPOSITORY / path).exists() for path in paths)


def test_every_section_that_is_named_is_there() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings()


def test_the_sum_of_connections_is_right() -> None:
    """With the figures of the manifests; a rolling update has one gateway more."""
    spec = all_of("HorizontalPodAutoscaler")["gateway"]["spec"]
    gateways = spec["maxReplicas"] + spec_of_gateway()["strategy"]["rollingUpdate"]["maxSurge"]
    data = all_of("ConfigMap")["settings"]["data"]
    pool, threads = int(data["POSTGRES_POOL_SIZE"]), int(data["SYNC_THREADS"])
    workers = all_of("Deployment")["worker"]["spec"]["replicas"]
    total = gateways * (pool + threads + 4) + workers * 6 + 10
    sum_in_words = f"{gateways} × ({pool} + {threads} + 4) + {workers} × 6 + 10 = {total}"
    assert sum_in_words in TEXT
    assert f"audit --strict --replicas {gateways}" in TEXT


def spec_of_gateway() -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = all_of("Deployment")["gateway"]["spec"]
    return found


def test_the_timetable_of_a_pods_end_is_that_of_the_manifests() -> None:
    data = all_of("ConfigMap")["settings"]["data"]
    notice, drain = int(data["NOTICE_SECONDS"]), int(data["DRAIN_SECONDS"])
    grace = pods()["gateway"]["spec"]["terminationGracePeriodSeconds"]
    assert f"| {notice} | `NOTICE_SECONDS` are over" in TEXT
    assert f"| up to {notice + drain} | `DRAIN_SECONDS`" in TEXT
    assert f"| {grace} | `terminationGracePeriodSeconds`" in TEXT
