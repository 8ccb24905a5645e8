"""Which files are manuscripts: extension, declared type and the bytes themselves must agree."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from gateway.documents.manuscripts.names import extension_of
from gateway.documents.manuscripts.refusal import Refusal

HEAD_BYTES = 4_096
"""So many tell, or all where there are fewer."""

MOST_DIRECTORY_BYTES = 4_194_304
_END_OF_ZIP = b"PK\x05\x06"
_END_RECORD_BYTES = 22
_MOST_COMMENT_BYTES = 65_535
_BLOCK_BYTES = 1_048_576
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NO_TEXT = (b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"GIF8", b"%!PS", b"\xff\xd8\xff")
_SAYS_NOTHING = ("", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True, slots=True)
class Kind:
    """``types`` is what may be declared, and the first of them is what we say. ``begins`` is what
    the bytes begin with (empty for text), ``holds`` what a zip must name in its directory."""

    types: tuple[str, ...]
    begins: bytes = b""
    holds: bytes = b""


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ODT = "application/vnd.oasis.opendocument.text"
_EPUB = "application/epub+zip"


def _packed(media_type: str) -> re.Pattern[bytes]:
    """A zip whose first entry is "mimetype", not compressed (ODF 1.2 part 3, 3.3; OCF 3.3, 4.3)."""
    said = b"mimetype" + re.escape(media_type.encode())
    return re.compile(rb"PK\x03\x04.{26}" + said + rb"(?:PK|\s|$)", re.DOTALL)


KINDS = {
    "txt": Kind(("text/plain",)),
    "md": Kind(("text/markdown", "text/x-markdown", "text/plain")),
    "pdf": Kind(("application/pdf", "application/x-pdf"), b"%PDF-"),
    "rtf": Kind(("application/rtf", "text/rtf", "application/msword"), b"{\\rtf"),
    "odt": Kind((_ODT,), b"PK\x03\x04", b"content.xml"),
    "epub": Kind((_EPUB,), b"PK\x03\x04", b"META-INF/container.xml"),
    "docx": Kind((_WORD,), b"PK\x03\x04", b"word/document.xml"),
}
_PACKED = {"odt": _packed(_ODT), "epub": _packed(_EPUB)}
ALLOWED = ", ".join(f".{name}" for name in KINDS)


def judge_claim(name: str, media_type: str) -> str:
    """Return the kind that name and type say; empty where they say none.

    Refuse what is none of ours, and what does not agree.
    """
    extension = extension_of(name)
    said = media_type.partition(";")[0].strip().lower()
    fitting = [kind for kind in KINDS if said in KINDS[kind].types]
    if said in _SAYS_NOTHING:
        fitting = list(KINDS)
        if not extension:
            return ""
    if not fitting or (extension and extension not in KINDS):
        raise Refusal(415, f"We read manuscripts of these kinds: {ALLOWED}.")
    if extension and extension not in fitting:
        raise Refusal(415, f"The file is called .{extension}, but is said to be of another type.")
    return extension or fitting[0]


def judge_head(kind: str, head: bytes) -> str:
    """Return the kind that the first bytes tell, which must be ``kind`` where that is not empty."""
    found = {name for name in KINDS if _begins_like(name, head)}
    if kind and kind not in found:
        raise _not_what_it_says(kind)
    if not found:
        raise Refusal(422, f"What is in the file is no manuscript of these kinds: {ALLOWED}.")
    # What nobody named: the first that fits, in the order above.
    return kind or next(name for name in KINDS if name in found)


def judge_whole(kind: str, file: BinaryIO, length: int) -> None:
    """Refuse a complete file whose inside is not of its kind. ``file`` is read in blocks."""
    if KINDS[kind].holds:
        if KINDS[kind].holds not in _directory(kind, file, length):
            raise _not_what_it_says(kind)
    elif not KINDS[kind].begins and not _is_text(file):
        raise _not_what_it_says(kind)


def _begins_like(kind: str, head: bytes) -> bool:
    begins = KINDS[kind].begins
    if not begins:
        return _looks_like_text(head)
    packed = _PACKED.get(kind)
    return bool(packed.match(head)) if packed else head.startswith(begins)


def _looks_like_text(head: bytes) -> bool:
    if head.startswith(_NO_TEXT):
        return False
    return head[:2] in _UTF16 or not _NOT_IN_TEXT.search(head)


def _is_text(file: BinaryIO) -> bool:
    file.seek(0)
    if file.read(2) in _UTF16:
        return True
    file.seek(0)
    return not any(
        _NOT_IN_TEXT.search(block) for block in iter(lambda: file.read(_BLOCK_BYTES), b"")
    )


def _directory(kind: str, file: BinaryIO, length: int) -> bytes:
    """Return a zip's list of what is in it (APPNOTE 4.3.16), where it has a reasonable size.

    Read by hand: Python's own reader would make objects of as many entries as a file claims.
    """
    tail_at = max(0, length - _END_RECORD_BYTES - _MOST_COMMENT_BYTES)
    file.seek(tail_at)
    tail = file.read(_END_RECORD_BYTES + _MOST_COMMENT_BYTES)
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) - at < _END_RECORD_BYTES:
        raise _not_what_it_says(kind)
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    begins = int.from_bytes(tail[at + 16 : at + 20], "little")
    if size > MOST_DIRECTORY_BYTES or begins + size > tail_at + at:
        raise _not_what_it_says(kind)
    file.seek(begins)
    return file.read(size)


def _not_what_it_says(kind: str) -> Refusal:
    return Refusal(422, f"The file is called .{kind}, but what is in it is something else.")
