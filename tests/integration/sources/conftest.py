"""The real servers that the sources are asked from."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from gateway.runtime import _postgres_parameters
from tests.switchboard import Switchboard, switchboard

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def misbehaving_urls() -> Iterator[dict[str, str]]:
    """The address of an upstream for each way of misbehaving."""
    command = [sys.executable, "-m", "tests.integration.sources.upstreams"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as upstreams:
        assert upstreams.stdin is not None
        assert upstreams.stdout is not None
        ports = json.loads(upstreams.stdout.readline())
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        upstreams.stdin.close()


@pytest.fixture
def empty_redis(redis_url: str) -> str:
    """The address of a Redis in which nothing lies."""
    with redis.Redis.from_url(redis_url) as beside:
        beside.flushall()
    return redis_url


@pytest.fixture
def switched(django_db_setup: None) -> Iterator[Switchboard]:
    """The switches in the Postgres of this run: none before, and none after."""
    with switchboard(**_postgres_parameters()) as board:
        yield board
