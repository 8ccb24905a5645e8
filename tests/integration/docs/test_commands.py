"""Every command in README.md and docs/ works: run here, or by a test that is named here.

Those of docs/deploy.md that want a cluster are run by test_handbook.py.
"""

import contextlib
import re
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from deploy.local.process import REPOSITORY
from tests.integration.docs.commands import BY_CI, ELSEWHERE, HERE, commands
from tests.live import Shop
from tests.unit.docs.documents import GUIDES, is_written, name_of

CI = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
OF_THE_CLUSTER = r"(kubectl|docker (compose build|tag|push)|curl) .*"
FOUND = {name_of(file): list(commands(file)) for file in GUIDES}
EVERY = sorted({command for each in FOUND.values() for command in each})
MAKES = [command for command in EVERY if re.match(r"(?:[A-Z_]+=\S+ )*make ", command)]


@pytest.fixture
def in_front_of_the_shop(
    shop: Shop, redis_url: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Settings of the shop that runs, but for a part of Redis where no gateway looks."""
    settings.REDIS_URL = redis_url.removesuffix("/0") + "/9"
    settings.GATEWAY_PORT = shop.gateway.port
    settings.PROMO_SERVICE_URL, settings.RECCO_SERVICE_URL = shop.promo.url, shop.recco.url
    settings.UPLOADS_ROOT = str(tmp_path / "uploads")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(FOUND))
def test_the_commands_of_a_document_work_one_after_another(
    in_front_of_the_shop: Path, shop: Shop, name: str
) -> None:
    for command in FOUND[name]:
        if re.fullmatch(HERE["django"], command):
            django(command.replace("https://shop.example/", f"{shop.url}/"))


def django(command: str) -> None:
    """Do as the shell and Django would; ``audit`` may find something, but has to be made."""
    words = shlex.split(command.partition("ARGS=")[2] or command.removeprefix("manage.py "))
    line, _, file = command.partition(" > ")
    told = shlex.split(words[0]) if "ARGS=" in command else words
    out = StringIO()
    with contextlib.suppress(SystemExit) if told[0] == "audit" else contextlib.nullcontext():
        call_command(*told, stdout=out)
    assert out.getvalue().strip(), line
    if file:
        Path(file).write_text(out.getvalue(), encoding="utf-8")


@pytest.mark.parametrize("command", EVERY)
def test_it_is_known_of_every_command_who_runs_it(command: str) -> None:
    runs = [how for how, pattern in HERE.items() if re.fullmatch(pattern, command)]
    runs += [test for pattern, test in ELSEWHERE.items() if re.fullmatch(pattern, command)]
    runs += [each for each in BY_CI if command.split(" MINUTES=")[0] == each]
    runs += ["the handbook"] if re.fullmatch(OF_THE_CLUSTER, command) else []
    assert len(runs) == 1, f"Nobody runs {command!r}, or two do: {runs}"


def test_every_command_of_the_cluster_is_in_the_handbook_alone() -> None:
    others = [each for name, each in FOUND.items() if name != "docs/deploy.md"]
    assert [each for file in others for each in file if re.fullmatch(OF_THE_CLUSTER, each)] == []


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_a_test_that_runs_a_command_is_there(test: str) -> None:
    assert is_written(test)


@pytest.mark.parametrize("command", BY_CI)
def test_continuous_integration_runs_what_is_said_of_it(command: str) -> None:
    assert re.search(rf"^(?:if ! )?{command}\b", CI, re.M)


def test_nothing_is_said_of_commands_that_no_document_names() -> None:
    unused = [
        pattern
        for pattern in (*HERE.values(), *ELSEWHERE)
        if not any(re.fullmatch(pattern, command) for command in EVERY)
    ]
    assert unused == []


@pytest.mark.parametrize("command", MAKES)
def test_make_knows_the_target_and_its_arguments(command: str) -> None:
    """It says what it would do, and does nothing."""
    line = command.partition(" > ")[0].replace(" …", "")
    set_before = re.match(r"(?:[A-Z_]+=\S+ )*", line)
    assert set_before
    words = shlex.split(line[set_before.end() :])
    done = subprocess.run(
        [words[0], "--dry-run", *words[1:]],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ".venv/bin/python" in done.stdout or words[1:] == ["help"]
    for argument in words[2:]:
        assert argument.partition("=")[2] in done.stdout


def test_the_help_names_every_command_that_a_document_names() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    named = {re.search(r"make ([a-z0-9-]+)", command)[1] for command in MAKES}  # type: ignore[index]
    assert {name for name in named if f"make {name} " not in said} == set()


def test_the_schema_of_a_reply_can_be_seen() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.contracts", "schema", "promo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"banners"' in done.stdout
