"""A bad start ends with sentences for a person, and exit code 1."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "only-for-tests-" + "x" * 40,
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PROMO_SERVICE_URL": "http://promo.test",
    "RECCO_SERVICE_URL": "http://recco.test",
}
BAD = {
    "SECRET_KEY": "too short",
    "ALLOWED_HOSTS": "",
    "DATABASE_URL": "mysql://user:secret@127.0.0.1/none",
    "REDIS_URL": "http://127.0.0.1",
    "PROMO_SERVICE_URL": "promo:8001",
    "RECCO_SERVICE_URL": "",
    "DEBUG": "perhaps",
    "PAGE_BUDGET_SECONDS": "0",
    "PROMO_TIMEOUT_SECONDS": "nan",
    "RECCO_FRESH_SECONDS": "-1",
    "HTTP_TRANSPORT": "carrier-pigeon",
    "GATEWAY_PORT": "99999",
    "MAX_BODY_BYTES": "lots",
    "POSTGRES_POOL_SIZE": "0",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_TRACES_SAMPLER": "now_and_then",
}


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py check`` in this environment alone."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=REPOSITORY,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_good_values_let_it_start() -> None:
    done = check(GOOD)
    assert done.returncode == 0, done.stderr


def test_bad_values_are_one_sentence_each_and_exit_code_1() -> None:
    done = check(GOOD | BAD)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(BAD)
    assert all(line.endswith(".") for line in lines)
    assert "secret" not in done.stderr.lower().replace("secret_key", "")


def test_missing_values_are_named() -> None:
    """Set but empty, so that a ``.env`` of whoever runs the tests cannot help out."""
    done = check(dict.fromkeys(GOOD, ""))
    assert done.returncode == 1
    assert sorted(line.split()[0] for line in done.stderr.splitlines()) == sorted(GOOD)
    assert all("is missing" in line for line in done.stderr.splitlines())


def test_each_value_may_stand_in_a_file(tmp_path: Path) -> None:
    files = {}
    for name, value in GOOD.items():
        (tmp_path / name).write_text(value + "\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    assert check(files).returncode == 0


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    without = {name: value for name, value in GOOD.items() if name != "SECRET_KEY"}
    done = check(without | {"SECRET_KEY_FILE": str(tmp_path / "not-there")})
    assert done.returncode == 1
    assert done.stderr.startswith("SECRET_KEY_FILE cannot be read")
    assert len(done.stderr.splitlines()) == 1
