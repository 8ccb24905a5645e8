"""The stack's own trial of its services: ``docker compose run --rm contract``."""

import pytest

from tests.compose.docker import DockerError, Stack

pytestmark = pytest.mark.compose

RUN = ("run", "--rm", "--no-deps", "-T", "contract")
VERIFY = ("python", "-m", "gateway.contracts", "verify")


def test_our_services_keep_their_contracts(stack: Stack) -> None:
    report = stack.compose(*RUN)
    assert "promo" in report
    assert "recco" in report


def test_a_service_that_is_not_there_is_named(stack: Stack) -> None:
    nobody = "http://promo:9"
    with pytest.raises(DockerError, match=nobody):
        stack.compose(*RUN, *VERIFY, "--promo", nobody)
