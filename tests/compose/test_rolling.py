"""A rolling update: every gateway is replaced by a new one while visitors are there.

The order is that of deploy/kubernetes/shop/gateway.yaml: a new one first, until it is healthy, then
an old one is told to end and has its grace period.
"""

from urllib.parse import urlencode

import pytest

from deploy.local.process import wait_until
from tests.compose.docker import Stack, docker, inspect
from tests.compose.test_replicas import after, answering
from tests.compose.visitor import Answer, Visitor, crowd

pytestmark = pytest.mark.compose

REPLICAS = 3
LOG_SECONDS = 10.0
"""The edge writes many lines at a time."""

ENOUGH = 30
GRACE_SECONDS = 30


def add_a_gateway(stack: Stack) -> None:
    """Start one more, and wait until it is healthy; whoever runs is left alone."""
    stack.up("gateway", "--no-recreate", "--no-deps", gateways=REPLICAS + 1)


def end(container: str) -> int:
    """Tell a gateway to end, as a cluster does; return its exit code."""
    docker("stop", "--time", str(GRACE_SECONDS), container)
    code: int = inspect(container)[0]["State"]["ExitCode"]
    docker("rm", container)
    return code


def test_a_rolling_update_loses_no_request(stack: Stack) -> None:
    """Of those who read a page, of those who are asked anew each time, of those who send a form."""
    stack.up(gateways=REPLICAS)
    old = stack.containers("gateway")
    assert len(old) == REPLICAS
    visitor = Visitor(stack.port)
    codes = []
    with (
        crowd(visitor, "/", visitors=2) as pages,
        crowd(visitor, "/api/home", visitors=2) as data,
        crowd(Sender(visitor.port), "/signin/", visitors=1) as forms,
    ):
        for container in old:
            add_a_gateway(stack)
            after(pages, ENOUGH)
            codes.append(end(container))
            after(pages, ENOUGH)
    assert set(pages) == {"200"}, pages
    assert set(data) == {"200"}, data
    assert set(forms) == {"403"}, forms  # it has no token, and a gateway has told so each time
    assert codes == [0] * REPLICAS
    new = stack.containers("gateway")
    assert len(new) == REPLICAS
    assert not set(new) & set(old)


def test_the_new_gateways_share_the_work(stack: Stack) -> None:
    """Those who were there before are asked nothing any more."""
    if len(stack.containers("gateway")) < REPLICAS:  # asked by itself
        stack.up(gateways=REPLICAS)
    visitor = Visitor(stack.port)
    before = answering(stack)
    for _ in range(ENOUGH):
        assert visitor.get("/signin/").status == 200  # no edge keeps this page

    def now() -> set[str]:
        return {address.rpartition(":")[0] for address in answering(stack) - before}

    assert wait_until(lambda: len(now()) > 1, LOG_SECONDS), "the log lags behind what is served"
    assert now() <= {address_of(container) for container in stack.containers("gateway")}


def address_of(container: str) -> str:
    """Return the address under which the edge knows a gateway."""
    networks = inspect(container)[0]["NetworkSettings"]["Networks"]
    [front] = [each for name, each in networks.items() if name.endswith("_front")]
    address: str = front["IPAddress"]
    return address


class Sender(Visitor):
    """A visitor who sends a form instead, which no edge may send twice."""

    def get(self, path: str, **headers: str) -> Answer:
        """POST to a path."""
        body = urlencode({"username": "nobody@shop.example", "password": "none"}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, body=body, headers=kind | headers)
