"""Two gateways that see one folder of uploads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.process import wait_until
from tests.live import Server, Shop, complete

MOST_BYTES = 104_857_600
WARM_SECONDS = 20.0


@pytest.fixture(scope="module")
def uploads_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where their manuscripts lie."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def gateway(shop: Shop, uploads_root: Path) -> Iterator[Server]:
    """A gateway that has warmed up."""
    with shop.another_gateway(
        UPLOADS_ROOT=str(uploads_root), MANUSCRIPT_IDLE_SECONDS="1", RECCO_FRESH_SECONDS="0"
    ) as gateway:
        assert wait_until(lambda: complete(gateway), WARM_SECONDS)
        yield gateway


@pytest.fixture(scope="module")
def replica(shop: Shop, uploads_root: Path) -> Iterator[Server]:
    """Another one."""
    with shop.another_gateway(UPLOADS_ROOT=str(uploads_root)) as gateway:
        yield gateway
