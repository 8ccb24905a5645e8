"""The start without containers, for real: ``python -m deploy.local`` on free ports."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.process import REPOSITORY
from deploy.local.redis import free_port

OPEN_SECONDS = 60.0
COMPLETE_SECONDS = 15.0
END_SECONDS = 20.0
PORTS = ("GATEWAY_PORT", "PROMO_PORT", "RECCO_PORT", "STANDIN_PORT")


class Start:
    """One ``python -m deploy.local``, and every process that it has started."""

    def __init__(self, folder: Path) -> None:
        ports = {name: str(free_port()) for name in PORTS}
        self.home = f"http://127.0.0.1:{ports['GATEWAY_PORT']}/"
        self.said: list[str] = []
        # Nothing is inherited: the environment of these tests names databases of its own.
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **ports}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "--folder", str(folder)],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started: list[psutil.Process] = []

    def read_until(self, text: str) -> None:
        """Take in what it says until ``text`` appears; its end is the end of a failing test."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                self.started = psutil.Process(self.process.pid).children(recursive=True)
                return
        raise AssertionError("\n".join(["It ended unasked:", *self.said]))

    def page(self) -> tuple[str, str]:
        """What stands in the home page's completeness header, and the page."""
        try:
            with urllib.request.urlopen(self.home, timeout=COMPLETE_SECONDS) as reply:  # noqa: S310
                return reply.headers["Gateway-Complete"], reply.read().decode()
        except urllib.error.URLError as error:
            return f"none: {error}", ""

    def page_when_complete(self) -> str:
        """The home page as soon as nothing is missing on it."""
        give_up_at = time.monotonic() + COMPLETE_SECONDS
        complete, page = self.page()
        while complete != "?1" and time.monotonic() < give_up_at:
            complete, page = self.page()
        assert complete == "?1"
        return page

    def part(self, words: str) -> psutil.Process:
        """The process whose command line holds ``words``."""
        return next(each for each in self.started if words in " ".join(each.cmdline()))


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Start]:
    """A start that is open for visitors; ended by force if the test leaves it running."""
    start = Start(folder)
    with start.process:
        try:
            start.read_until("Ctrl-C ends everything")
            yield start
        finally:
            start.process.kill()


def survivors(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after ``seconds``; a dead one that nobody has buried yet is dead."""
    give_up_at = time.monotonic() + seconds
    while left := [each for each in processes if lives(each)]:
        if time.monotonic() >= give_up_at:
            break
    return left


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the starts of this file keep their data, one after the other."""
    return tmp_path_factory.mktemp("local")


def test_ctrl_c_ends_everything_that_a_complete_page_needed(folder: Path) -> None:
    with opened(folder) as start:
        assert "<html" in start.page_when_complete()
        with Start(folder).process as second:
            said, _ = second.communicate(timeout=END_SECONDS)
            assert second.returncode == 1, "two starts in one folder"
            assert "runs already" in said
        start.process.send_signal(signal.SIGINT)
        assert start.process.wait(END_SECONDS) == 0
        assert len(start.started) >= 5
        assert not survivors(start.started, seconds=0.0)


def test_what_dies_comes_back_and_nothing_outlives_a_killed_start(folder: Path) -> None:
    with opened(folder) as start:
        for part in (start.part("bin/postgres"), start.part("promo_service")):
            part.kill()
        start.read_until("is back")
        start.read_until("is back")
        start.page_when_complete()
        start.process.kill()
        assert not survivors(start.started, END_SECONDS)
