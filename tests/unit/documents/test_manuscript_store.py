"""The bytes on disk: one writer, what counts and no more, and nothing half on a full disk."""

import errno
import uuid
from pathlib import Path
from typing import Any

import pytest

from gateway.documents.manuscripts import store
from gateway.documents.manuscripts.refusal import Refusal


@pytest.fixture(autouse=True)
def uploads_root(settings: Any, tmp_path: Path) -> Path:
    """A folder of each test's own."""
    settings.UPLOADS_ROOT = str(tmp_path)
    return tmp_path


class FullDisk:
    """A file whose disk takes ``room`` more bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: Any) -> int:
        """Write what there is room for; raise ENOSPC where there is none."""
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(self._room, len(data))
        self._room -= taken
        self._file.write(data[:taken])
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_what_is_written_is_there_and_nobody_elses_to_read() -> None:
    manuscript_id = uuid.uuid4()
    with store.Part(manuscript_id) as part:
        part.begin(0)
        part.write(b"abc")
        assert part.sync() == 3
    path = store.path_of(manuscript_id)
    assert path.read_bytes() == b"abc"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_of_two_writers_one_is_told() -> None:
    manuscript_id = uuid.uuid4()
    with store.Part(manuscript_id), pytest.raises(Refusal) as refused:
        store.Part(manuscript_id)
    assert refused.value.status == 423
    store.Part(manuscript_id).close()


def test_bytes_past_what_counts_are_cut_off() -> None:
    manuscript_id = uuid.uuid4()
    with store.Part(manuscript_id) as part:
        part.write(b"abcdef")
    with store.Part(manuscript_id) as part:
        part.begin(4)
        part.write(b"XY")
    assert store.path_of(manuscript_id).read_bytes() == b"abcdXY"


def test_a_file_that_has_lost_bytes_is_gone() -> None:
    with store.Part(uuid.uuid4()) as part, pytest.raises(Refusal) as refused:
        part.begin(1)
    assert refused.value.status == 404


def test_a_full_disk_is_told_and_leaves_nothing_half() -> None:
    manuscript_id = uuid.uuid4()
    with store.Part(manuscript_id) as part:
        part.begin(0)
        part.write(b"kept")
        part.sync()
        part.file = FullDisk(part.file, room=3)
        with pytest.raises(Refusal) as refused:
            part.write(b"lost for ever")
    assert refused.value.status == 507
    assert "no room" in refused.value.sentence
    assert store.path_of(manuscript_id).read_bytes() == b"kept"


def test_another_fault_of_the_disk_is_no_refusal() -> None:
    class Broken(FullDisk):
        def write(self, data: Any) -> int:
            raise OSError(errno.EIO, "Input/output error")

    with store.Part(uuid.uuid4()) as part:
        part.file = Broken(part.file, room=0)
        with pytest.raises(OSError, match="Input/output"):
            part.write(b"x")


def test_a_file_for_which_there_is_no_room_is_refused_beforehand() -> None:
    with pytest.raises(Refusal) as refused:
        store.judge_disk(2**62)
    assert refused.value.status == 507


def test_a_link_in_the_place_of_a_file_is_not_followed(uploads_root: Path) -> None:
    manuscript_id = uuid.uuid4()
    path = store.path_of(manuscript_id)
    path.parent.mkdir(parents=True)
    path.symlink_to(uploads_root / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        store.Part(manuscript_id)
