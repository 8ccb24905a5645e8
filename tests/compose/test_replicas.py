"""Several gateways behind one edge, some of which come and go. Last, because it adds gateways."""

import json
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.compose.docker import Stack, docker, inspect
from tests.compose.visitor import Visitor, crowd

pytestmark = pytest.mark.compose

ENOUGH = 40
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def three(stack: Stack) -> Visitor:
    """A visitor of a stack with three gateways."""
    stack.up(gateways=3)
    return Visitor(stack.port)


def answering(stack: Stack) -> Counter[str]:
    """Return who has answered for the edge, by address, from its log."""
    lines = [json.loads(line) for line in stack.logs("edge").splitlines() if line.startswith("{")]
    return Counter(line["gateway"] for line in lines if line["gateway"])


def test_three_gateways_share_the_work(stack: Stack, three: Visitor) -> None:
    before = answering(stack)
    for _ in range(ENOUGH):
        assert three.get("/").status == 200
    shares = answering(stack) - before
    assert len(shares) == 3
    assert min(shares.values()) > ENOUGH / 10


def secret(stack: Stack, service: str, name: str) -> str:
    return stack.run_in(service, "cat", f"/run/shop-secrets/{name}")


def test_a_second_start_keeps_the_secrets(stack: Stack, three: Visitor) -> None:
    """All gateways have the one key, that of the first start: a member stays signed in."""
    assert three.get("/").status == 200
    keys = {
        docker("exec", gateway, "cat", "/run/shop-secrets/secret_key")
        for gateway in stack.containers("gateway")
    }
    assert len(keys) == 1
    before = secret(stack, "postgres", "postgres_password")
    stack.compose("run", "--rm", "secrets")
    assert secret(stack, "postgres", "postgres_password") == before
    assert {secret(stack, "gateway", "secret_key")} == keys


def test_a_password_that_is_given_wins(stack: Stack, three: Visitor) -> None:
    """And stays, when it is not given again."""
    assert three.get("/").status == 200
    stack.compose("run", "--rm", "--env", "DEMO_PASSWORD=of-my-own", "secrets")
    stack.compose("run", "--rm", "secrets")
    assert secret(stack, "gateway", "demo_password") == "of-my-own"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_gateway_that_ends_takes_no_request_with_it(
    stack: Stack, three: Visitor, how: str
) -> None:
    """Not when it is told to end, and not when it dies: another one answers what it dropped."""
    victim = stack.containers("gateway")[0]
    with crowd(three) as outcomes:
        after(outcomes, ENOUGH)
        docker(how, victim)
        after(outcomes, ENOUGH)
        docker("start", victim)
        after(outcomes, ENOUGH)
    assert set(outcomes) == {"200"}
    until(lambda: inspect(victim)[0]["State"]["Health"]["Status"] == "healthy")


def after(outcomes: Counter[str], more: int) -> None:
    """Return when so many more requests have been answered."""
    wanted = outcomes.total() + more
    until(lambda: outcomes.total() >= wanted)


def until(met: Callable[[], bool]) -> None:
    """Wait for what other threads do."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 20):
        if met():
            return
        pause.wait(0.05)
    pytest.fail("Nobody was answered any more.")
