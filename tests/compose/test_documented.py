"""What README and docs/operations.md tell people to type in front of the stack."""

import pytest

from tests.compose.docker import Stack
from tests.live import DEMO_EMAIL

pytestmark = pytest.mark.compose


def test_the_log_of_migrate_tells_who_the_demo_member_is(stack: Stack) -> None:
    assert DEMO_EMAIL in stack.logs("migrate")


def test_what_a_source_said_can_be_purged_in_a_gateway(stack: Stack) -> None:
    said = stack.run_in("gateway", "python", "manage.py", "purge", "promo")
    assert "promo" in said


def test_who_watches_is_part_of_the_stack_where_that_is_wanted(stack: Stack) -> None:
    watched = stack.compose("--profile", "observability", "config", "--services").split()
    assert set(watched) - set(stack.compose("config", "--services").split()) == {
        "prometheus",
        "grafana",
    }


def test_a_store_for_traces_is_part_of_the_stack_where_that_is_wanted(stack: Stack) -> None:
    files = ("-f", "docker-compose.yml", "-f", "deploy/observability/traces.yml")
    traced = stack.compose(*files, "config", "--services").split()
    assert set(traced) - set(stack.compose("config", "--services").split()) == {"jaeger"}
