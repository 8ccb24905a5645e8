"""A start with nothing else up: the process stays, says what is missing, and recovers by itself."""

import pytest

from deploy.local.process import wait_until
from tests.faults.promises import RECOVERY_SECONDS, SLACK_SECONDS, broken_by
from tests.faults.stand import Stand
from tests.faults.trial import in_time, note
from tests.live import Server, Shop
from tests.toxics import Down

SERVICES = ("promo", "recco")
EVERYTHING = {"postgres", "redis", *SERVICES}


@pytest.fixture
def lonely(stand: Stand, shop: Shop, around: dict[str, str]) -> Server:
    """A gateway that is not started yet, and nothing around it answers."""
    for name in SERVICES:
        stand.upstreams.refuse(name)
    for proxy in (stand.postgres, stand.redis):
        proxy.add(Down())
    return shop.new_gateway(**around)


def test_a_gateway_that_starts_alone_lives_and_recovers(stand: Stand, lonely: Server) -> None:
    visitor = stand.stranger
    try:
        lonely.start()
        page = in_time(lambda: visitor.ask_at(lonely.url + "/"))
        ready = visitor.ask_at(lonely.url + "/readyz")
        stand.well()
        recovered = wait_until(
            lambda: visitor.ask_at(lonely.url + "/").complete, RECOVERY_SECONDS + SLACK_SECONDS
        )
        ready_again = visitor.ask_at(lonely.url + "/readyz")
    finally:
        lonely.stop()
    note("started with nothing else up", page, "all missing")
    missing = {name: visitor.missing[name] for name in visitor.missing}
    assert not list(broken_by(page, visitor.whole, missing))
    assert ready.status == 503
    dependencies = ready.response.json()["dependencies"]
    assert {name for name, word in dependencies.items() if word != "ok"} == EVERYTHING
    assert recovered
    assert ready_again.status == 200
