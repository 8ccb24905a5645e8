"""docs/deploy.md is followed word for word: each line of its blocks is given to a shell, in order.

The cluster is a stand-in that knows what was built, pushed and applied, and refuses all else; what
runs inside a pod of the gateway really runs, with a Postgres and a Redis.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.process import REPOSITORY
from tests.live import Shop, database_beside
from tests.unit.deploy.manifests import all_of
from tests.unit.docs.documents import fences, prose, text_of

DEPLOY = REPOSITORY / "docs" / "deploy.md"
CLUSTER = Path(__file__).with_name("cluster.py")
BLOCKS = [text for language, text in fences(DEPLOY) if language == "sh"]
UPGRADE = "export RELEASE=0.2.0\n"
STAFF = {
    "DJANGO_SUPERUSER_EMAIL": "handbook@example.com",
    "DJANGO_SUPERUSER_NAME": "Handbook",
    "DJANGO_SUPERUSER_PASSWORD": "a-long-enough-one",
}


def programs(folder: Path, shop: Shop) -> Path:
    """Write the programs that the handbook calls; return the folder in which they are."""
    found = folder / "bin"
    found.mkdir()
    for name in ("kubectl", "docker"):
        command = f'exec {sys.executable} {CLUSTER} {folder} {name} "$@"'
        _write(found / name, command)
    # The shop has no TLS here; whoever asks for it gets the page all the same.
    asked = (
        "import sys, httpx; "
        f"r = httpx.head({shop.url!r}, trust_env=False); r.raise_for_status(); "
        "assert sys.argv[-1] == 'https://shop.example/', sys.argv; "
        "print('\\n'.join(f'{n}: {v}' for n, v in r.headers.items()))"
    )
    _write(found / "curl", f'exec {sys.executable} -c {shlex.quote(asked)} "$@"')
    return found


def _write(file: Path, command: str) -> None:
    file.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture(scope="module")
def followed(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of a cluster for which all was done that the handbook says, and how to ask it."""
    folder = tmp_path_factory.mktemp("handbook")
    database = database_beside(shop.environment["DATABASE_URL"], "handbook")
    kept = {**shop.environment, **settings_of_the_cluster(), "DATABASE_URL": database, **STAFF}
    shop.prepare(DATABASE_URL=database)
    environment = kept | {
        "PATH": f"{programs(folder, shop)}:/usr/local/bin:/usr/bin:/bin",
        "SHOP_PORT": str(shop.gateway.port),
    }
    text = "".join(BLOCKS)
    assert UPGRADE in text
    # "Then 2 (images), 5 (migrate, then start)": the handbook says so in words.
    text = text.replace(UPGRADE, UPGRADE + again())
    script(folder, environment, text)
    return folder, environment


def settings_of_the_cluster() -> dict[str, str]:
    """Return what a gateway is told there, but for what are files and what the test has itself."""
    told: dict[str, str] = all_of("ConfigMap")["settings"]["data"]
    plain = {name: value for name, value in told.items() if not name.endswith("_FILE")}
    # A key and a mail server as the Secret has them: the audit is strict.
    return plain | {
        "SECRET_KEY": "k3J9xQvWm2TzL8sYb5HnRcD7fGpA4eUo6XiKtBqVwZyM",
        "EMAIL_URL": "smtp+tls://shop:uP4cXn6y@mail.example:587",
        "ALLOWED_HOSTS": "shop.example,127.0.0.1",
    }


def again() -> str:
    """Return the blocks of 2 and 5, which an upgrade repeats."""
    wanted = ("docker push", "delete job migrate", "kubernetes/shop/")
    return "".join(block for block in BLOCKS if any(part in block for part in wanted))


def script(folder: Path, environment: dict[str, str], text: str) -> str:
    """Give ``text`` to a shell; return what it said. A line that fails fails the test."""
    done = subprocess.run(
        ["sh", "-eu", "-c", text],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_every_line_works_in_the_order_in_which_it_is_written(followed: Any) -> None:
    folder, _ = followed
    world = json.loads((folder / "world.json").read_text())
    there = set(world["objects"])
    wanted = {"Deployment/gateway", "Deployment/worker", "Job/migrate", "Ingress/shop"}
    assert wanted | {"Secret/shop", "Secret/shop-tls", "HorizontalPodAutoscaler/gateway"} <= there
    images = {each.rpartition(":")[2] for each in world["pushed"]}
    assert images == {"0.1.0", "0.2.0"}


def inline() -> list[str]:
    """Return the commands of the cluster that stand in sentences."""
    text = " ".join(prose(DEPLOY).split())
    return sorted(set(re.findall(r"`(kubectl -n shop [^`]+)`", text)))


@pytest.mark.parametrize("command", inline())
def test_a_command_in_a_sentence_works_too(followed: Any, command: str) -> None:
    folder, environment = followed
    script(folder, environment, command)


def test_a_page_tells_what_it_is_made_of(followed: Any) -> None:
    folder, environment = followed
    [asking] = [block for block in BLOCKS if "grep -i -E" in block]
    said = script(folder, environment, f"SHOP=shop.example\n{asking}").lower()
    for header in ("gateway-complete", "fragment-status", "server-timing"):
        assert header in said


def test_a_gateway_tells_what_it_misses(followed: Any) -> None:
    folder, environment = followed
    [asking] = [block for block in BLOCKS if "/readyz" in block]
    assert "postgres" in script(folder, environment, asking)


@pytest.mark.parametrize(
    "wrong",
    [
        "kubectl -n shop rollout status deployment/gatewy --timeout=5m",
        "kubectl -n shop get deploys",
        "kubectl -n shop exec deployment/gateway -- python manage.py audit --strickt",
        "docker push images.example/page-aggregator/gateway:9.9.9",
    ],
)
def test_a_line_that_is_wrong_is_found_out(followed: Any, wrong: str) -> None:
    folder, environment = followed
    with pytest.raises(AssertionError):
        script(folder, environment, wrong)


def test_the_blocks_are_all_of_them() -> None:
    assert text_of(DEPLOY).count("```sh") == len(BLOCKS) > 10
