"""``make check``: every judge of the code, each named in one line, all failures told at the end."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import REPOSITORY

TOOLS = Path(sys.executable).parent
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
MANIFESTS = REPOSITORY / "deploy" / "kubernetes"
RULES = REPOSITORY / "deploy" / "observability" / "rules"


@dataclass(frozen=True)
class Step:
    """What is judged, and the command that judges it with its exit code."""

    name: str
    command: list[str]


def production_environment() -> dict[str, str]:
    """Settings as in production, of things that need not be there: nothing is asked."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DEBUG": "false",
        "HTTPS_ONLY": "true",
        "ALLOWED_HOSTS": "shop.example",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PROMO_SERVICE_URL": "http://promo.example",
        "RECCO_SERVICE_URL": "http://recco.example",
    }


def steps() -> list[Step]:
    """What can be judged anywhere."""
    found = [
        Step("format", python("ruff", "format", "--check", ".")),
        Step("lint", python("ruff", "check", ".")),
        Step("types", python("mypy")),
        Step("direction of imports", [str(TOOLS / "lint-imports")]),
        Step("templates", python("djlint", "--lint", "--profile=django", "gateway")),
        Step("migrations", manage("makemigrations", "--check", "--dry-run")),
        Step("settings", manage("check", "--deploy", "--fail-level", "WARNING")),
        Step("docs/contracts.md", python("gateway.contracts", "document")),
    ]
    if dockerfiles := sorted(str(file) for file in REPOSITORY.glob("deploy/docker/*Dockerfile")):
        found.append(Step("Dockerfiles", [str(TOOLS / "hadolint"), *dockerfiles]))
    if manifests := sorted(str(file) for file in MANIFESTS.rglob("*.yaml")):
        found.append(
            Step("manifests", [str(TOOLS / "kubernetes-validate"), "--strict", *manifests])
        )
    return found


def python(*arguments: str) -> list[str]:
    """A module of this environment as a command."""
    return [sys.executable, "-m", *arguments]


def manage(*arguments: str) -> list[str]:
    """One of Django's commands."""
    return [sys.executable, "manage.py", *arguments]


def compose_steps(environment: Mapping[str, str]) -> list[Step]:
    """Judging the Compose file needs Compose; only where CI is set is its absence a failure."""
    command = ["docker", "compose", "--file", str(COMPOSE_FILE), "config", "--quiet"]
    present = shutil.which("docker") and succeeds(["docker", "compose", "version"])
    if not COMPOSE_FILE.exists():
        return []
    if present or environment.get("CI", "").lower() in ("1", "true", "yes"):
        return [Step("Compose file", command)]
    print("  Compose file          left out: docker compose is not here", flush=True)
    return []


def rule_steps() -> list[Step]:
    """Prometheus' own judge, where it is installed; what the rules ask for, the tests judge."""
    files = sorted(str(file) for file in RULES.glob("*.yml"))
    if not files:
        return []
    if shutil.which("promtool"):
        return [Step("alert rules", ["promtool", "check", "rules", *files])]
    print("  alert rules           left to make test: promtool is not here", flush=True)
    return []


def succeeds(command: list[str]) -> bool:
    """Whether a command ends with exit code 0; its output is dropped."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def judge(step: Step, environment: Mapping[str, str]) -> str | None:
    """Run one step and say how it went; what it said if it failed, else None."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            step.command,
            env=environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        failed, said = done.returncode != 0, done.stdout
    except OSError as error:
        failed, said = True, f"{step.command[0]} cannot be started: {error.strerror}"
    seconds = time.monotonic() - started
    print(f"  {step.name:<21} {'FAILED' if failed else 'good'} ({seconds:.1f} s)", flush=True)
    return said.rstrip() if failed else None


def main() -> int:
    """Judge everything; 1 if anything failed."""
    given = dict(os.environ)
    environment = {**given, **production_environment()}
    reports = [(step.name, judge(step, environment)) for step in steps()]
    reports += [(step.name, judge(step, given)) for step in [*rule_steps(), *compose_steps(given)]]
    failures = [(name, said) for name, said in reports if said is not None]
    for name, said in failures:
        print(f"\n--- {name} ---\n{said}")
    print("\nEverything is in order." if not failures else f"\n{len(failures)} failed.")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
