"""Watching the parts of a local start: with a part that dies when the test says so."""

from pathlib import Path

import pytest

from deploy.local import watch
from deploy.local.errors import StartError
from deploy.local.restarts import LONGEST_DELAY_SECONDS, MOST_FAST_DEATHS
from deploy.local.watch import Watched, bound_log


class FakePart:
    """A part that counts its starts."""

    name = "promo_service"
    variable = "PROMO_SERVICE_URL"
    url = "http://127.0.0.1:8001"
    vital = True

    def __init__(self, log: Path) -> None:
        self.log = log
        self.starts = 1
        self.code: int | None = None

    def launch(self) -> None:
        self.starts += 1
        self.code = None

    def ready(self) -> bool:
        return self.code is None

    def exit_code(self) -> int | None:
        return self.code

    def stop(self, grace_seconds: float) -> None:
        self.code = 0

    def kill(self) -> None:
        self.code = -9


class Watching:
    """A watched part, what was said of it, and an instant that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.part = FakePart(folder / "part.log")
        self.said: list[str] = []
        self.watched = Watched(self.part, self.said.append, now=0.0)
        self.now = 0.0

    def look(self, after_seconds: float = 0.0) -> None:
        self.now += after_seconds
        self.watched.look(self.now)


@pytest.fixture
def watching(tmp_path: Path) -> Watching:
    return Watching(tmp_path)


def test_a_part_that_lives_is_left_alone(watching: Watching) -> None:
    watching.look(after_seconds=100)
    assert (watching.part.starts, watching.said) == (1, [])


def test_a_dead_part_is_started_again_after_its_wait(watching: Watching) -> None:
    watching.part.code = 1
    watching.look()
    watching.look(after_seconds=0.4)
    assert watching.part.starts == 1
    watching.look(after_seconds=0.2)
    assert watching.part.starts == 2


def test_death_and_return_are_both_told(watching: Watching) -> None:
    watching.part.code = 3
    watching.look()
    watching.look(after_seconds=1)
    watching.look()
    assert "promo_service ended unasked (exit code 3)" in watching.said[0]
    assert watching.said[1:] == ["promo_service is back."]


def test_a_part_that_keeps_dying_is_given_up_and_its_log_shown(watching: Watching) -> None:
    watching.part.log.write_text("no such table\n")
    for _ in range(MOST_FAST_DEATHS - 1):
        watching.part.code = 1
        watching.look()
        watching.look(after_seconds=9)
    watching.part.code = 1
    with pytest.raises(StartError) as caught:
        watching.look()
    assert "giving up" in str(caught.value)
    assert "no such table" in str(caught.value)


def test_a_long_log_is_cut_and_its_end_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOG_BYTES", 10)
    log = tmp_path / "part.log"
    log.write_bytes(b"0123456789the end")
    bound_log(log)
    assert log.read_bytes() == b""
    assert (tmp_path / "part.log.1").read_bytes() == b"789the end"


def test_a_part_that_pages_do_without_is_started_again_however_often_it_dies(
    watching: Watching,
) -> None:
    watching.part.vital = False
    for _ in range(3 * MOST_FAST_DEATHS):
        watching.part.code = -9
        watching.look()
        watching.look(after_seconds=LONGEST_DELAY_SECONDS)
    assert watching.part.starts == 1 + 3 * MOST_FAST_DEATHS
