"""Which servers the gateway is tried on."""

import pytest

SERVERS = ("daphne", "uvicorn")


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """The server of a gateway. A test that takes it holds on each of them."""
    return str(request.param)
