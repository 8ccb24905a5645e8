"""The bytes of manuscripts on disk, under names of ours. Synchronous: for threads.

One writer at a time holds a file's lock (flock). The kernel gives it back when the writer's process
ends, however that ends, and it counts for all processes that see the same folder.
"""

import errno
import fcntl
import os
import shutil
import threading
from pathlib import Path
from uuid import UUID

from django.conf import settings

from gateway.documents.manuscripts.refusal import Refusal, gone

RESERVE_BYTES = 67_108_864
"""Of the disk, that uploads leave to others."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def path_of(manuscript_id: UUID) -> Path:
    """Return where the bytes lie."""
    name = manuscript_id.hex
    return root() / name[:2] / name


def root() -> Path:
    """Return the folder of all manuscripts."""
    return Path(settings.UPLOADS_ROOT) / "manuscripts"


def remove(manuscript_id: UUID) -> None:
    """Remove the bytes, if there are any."""
    path_of(manuscript_id).unlink(missing_ok=True)


def judge_disk(length: int) -> None:
    """Refuse with 507 a file for which there is no room on the disk."""
    root().mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(root()).free < length + RESERVE_BYTES:
        raise disk_full()


def disk_full() -> Refusal:
    """There is no room."""
    return Refusal(507, "There is no room for this at the moment. Please try again later.")


class Part:
    """A file that grows, held by its one writer. Use it within ``with``, or close it."""

    def __init__(self, manuscript_id: UUID) -> None:
        """Open the file, made if need be. Raises a ``Refusal``, 423, where another holds it."""
        path = path_of(manuscript_id)
        fresh = not path.exists()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.file = open(descriptor, "r+b", buffering=0)  # noqa: SIM115 - closed by close()
        # A thread that still writes for a task that was given up must not find it closed.
        self._busy = threading.Lock()
        self._kept = 0
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            self.file.close()
            raise Refusal(
                423, "Somebody is sending to this upload already.", Retry_After="1"
            ) from exc
        if fresh:
            _sync_folder(path.parent)

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def begin(self, received: int) -> None:
        """Cut off what does not count, and go to the end. A file that has lost bytes is gone."""
        if os.fstat(self.file.fileno()).st_size < received:
            raise gone()
        self.file.truncate(received)
        self.file.seek(received)
        self._kept = received

    def write(self, data: bytes) -> None:
        """Add ``data``. On a full disk nothing past the last ``sync`` stays; that is a 507."""
        with self._busy:
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[self.file.write(rest) :]
            except OSError as exc:
                if exc.errno not in _FULL:
                    raise
                self.file.truncate(self._kept)
                raise disk_full() from exc

    def sync(self) -> int:
        """Return how many bytes are on the disk, after having made sure of it."""
        with self._busy:
            try:
                os.fdatasync(self.file.fileno())
            except OSError as exc:
                if exc.errno not in _FULL:
                    raise
                self.file.truncate(self._kept)
                raise disk_full() from exc
            self._kept = self.file.tell()
        return self._kept

    def head(self, count: int) -> bytes:
        """Return the first bytes."""
        return os.pread(self.file.fileno(), count, 0)

    def close(self) -> None:
        """Let go of the file."""
        with self._busy:
            self.file.close()


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file is found again after a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
