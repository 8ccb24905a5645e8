"""The stand-ins as a process, for tests: ``from tests.standins.running import standins``."""

import json
from collections.abc import Iterator

import pytest

from tests.live import Service


class Standins(Service):
    """The running application. It chooses both of its ports itself, and says which."""

    @property
    def smtp_port(self) -> int:
        """Where it takes mail; valid once it was started."""
        said: dict[str, int] = json.loads(self.said().splitlines()[0])
        return said["smtp_port"]

    def _listening(self) -> dict[str, str]:
        return {"PORT": str(self.port), "SMTP_PORT": "0"}


@pytest.fixture(scope="session")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standins]:
    """Weather, avatars and a mailbox, for as long as the tests run."""
    log = tmp_path_factory.mktemp("standins") / "standins.log"
    ours = Standins(["-m", "tests.standins"], {}, log)
    try:
        ours.start()
        yield ours
    finally:
        ours.stop()
