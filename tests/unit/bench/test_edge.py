"""The edge that is measured is the one that is deployed, but for its ports and folders."""

from pathlib import Path

import pytest

from tests.bench.pages import ours
from tests.bench.pages.ours import EDGE, configured


def test_only_ports_and_folders_are_changed(tmp_path: Path) -> None:
    conf = configured(tmp_path / "edge", 50_001, 50_002)
    deployed = (EDGE / "nginx.conf").read_text(encoding="utf-8").splitlines()
    measured = conf.read_text(encoding="utf-8").splitlines()
    others = {line.strip() for line in deployed} - {line.strip() for line in measured}
    assert others
    words = ("worker_processes", "listen", "/tmp/")  # noqa: S108 - what the file says
    assert [line for line in others if not any(word in line for word in words)] == []


def test_it_goes_to_the_gateway_that_is_measured(tmp_path: Path) -> None:
    conf = configured(tmp_path / "edge", 50_001, 50_002)
    assert "listen 127.0.0.1:50001 " in conf.read_text(encoding="utf-8")
    assert "127.0.0.1:50002;" in conf.with_name("gateway.conf").read_text(encoding="utf-8")


def test_a_line_that_is_not_there_any_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "nginx"
    empty.mkdir()
    (empty / "nginx.conf").write_text("events {}\n", encoding="utf-8")
    monkeypatch.setattr(ours, "EDGE", empty)
    with pytest.raises(ValueError, match=r"has no 'worker_processes 2;' any more"):
        configured(tmp_path / "edge", 50_001, 50_002)
