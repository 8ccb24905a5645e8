"""What the containers may do, and whom they can reach."""

from typing import Any

import pytest

from tests.compose.docker import DockerError, Stack, inspect

pytestmark = pytest.mark.compose

MEGABYTE = 1_000_000
SERVICES = ["edge", "gateway", "worker", "promo", "recco", "standins", "postgres", "redis"]
BASES = {
    "page-aggregator/gateway": "python:3.13-slim",
    "page-aggregator/promo": "python:3.13-slim",
    "page-aggregator/recco": "python:3.13-slim",
    "page-aggregator/standins": "python:3.13-slim",
    "page-aggregator/edge": "nginx:1.26",
}


def service_of(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def address_of(stack: Stack, service: str) -> str:
    [container] = inspect(stack.containers(service)[0])
    networks = container["NetworkSettings"]["Networks"]
    return next(str(network["IPAddress"]) for network in networks.values())


def test_only_the_edge_is_published(stack: Stack) -> None:
    published = {
        service_of(container)
        for container in stack.everything()
        for bindings in (container["HostConfig"]["PortBindings"] or {}).values()
        if bindings
    }
    assert published == {"edge"}


def test_every_container_has_as_little_as_it_needs(stack: Stack) -> None:
    containers = stack.everything()
    assert len(containers) == 10
    for container in containers:
        name, host = service_of(container), container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"]["max-size"], name
        assert container["Config"]["User"] not in ("", "0", "root"), name


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_is_root(stack: Stack, service: str) -> None:
    """Asked of the first process itself, not of the configuration."""
    lines = stack.run_in(service, "cat", "/proc/1/status").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    assert "0" not in status["Uid"].split()
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"


@pytest.mark.parametrize("service", SERVICES)
def test_roots_cannot_be_written(stack: Stack, service: str) -> None:
    with pytest.raises(DockerError, match="Read-only file system"):
        stack.run_in(service, "touch", "/usr/local/left-behind")


@pytest.mark.parametrize(
    ("service", "port"), [("postgres", 5432), ("redis", 6379), ("promo", 8001), ("recco", 8002)]
)
def test_the_edge_reaches_only_the_gateway(stack: Stack, service: str, port: int) -> None:
    """Not by name and not by address; the gateway, for comparison, it does reach."""
    knock = "timeout 2 bash -c '</dev/tcp/{}/{}'"
    stack.run_in("edge", "bash", "-c", knock.format("gateway", 8000))
    for host in (service, address_of(stack, service)):
        with pytest.raises(DockerError):
            stack.run_in("edge", "bash", "-c", knock.format(host, port))


def test_each_secret_is_read_by_those_who_need_it(stack: Stack) -> None:
    folder = "/run/shop-secrets"
    assert stack.run_in("gateway", "cat", f"{folder}/secret_key")
    password = stack.run_in("postgres", "cat", f"{folder}/shop_password")
    assert password in stack.run_in("gateway", "cat", f"{folder}/database_url")
    for service, name in (
        ("gateway", "postgres_password"),
        ("gateway", "shop_password"),
        ("postgres", "secret_key"),
        ("postgres", "demo_password"),
    ):
        with pytest.raises(DockerError, match="Permission denied"):
            stack.run_in(service, "cat", f"{folder}/{name}")


def test_the_shop_rules_over_its_own_tables_alone(stack: Stack) -> None:
    ask = (
        "import os, psycopg; url = open('/run/shop-secrets/database_url').read();"
        "print(psycopg.connect(url).execute('SELECT rolsuper, rolcreaterole, rolcreatedb, "
        "rolreplication FROM pg_roles WHERE rolname = current_user').fetchone())"
    )
    said = stack.run_in("gateway", "python", "-c", ask)
    assert said.strip() == "(False, False, False, False)"


def test_no_secret_stands_in_an_environment(stack: Stack) -> None:
    secrets = {
        stack.run_in("gateway", "cat", f"/run/shop-secrets/{name}")
        for name in ("secret_key", "demo_password", "database_url")
    }
    environments = [entry for c in stack.everything() for entry in c["Config"]["Env"]]
    assert not any(secret in entry for entry in environments for secret in secrets)


@pytest.mark.parametrize(("image", "base"), BASES.items())
def test_images_are_small(images: Stack, image: str, base: str) -> None:
    ours, theirs = inspect(image, base)
    assert ours["Size"] - theirs["Size"] < 300 * MEGABYTE
