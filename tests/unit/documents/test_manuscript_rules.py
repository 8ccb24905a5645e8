"""What a tus client may say, and what a manuscript may be."""

from base64 import b64encode
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.documents.manuscripts import kinds, metadata, names, rules
from gateway.documents.manuscripts.refusal import Refusal

MOST = 1_000
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EPUB_HEAD = b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/epub+zip" + b"PK"


def status(refused: pytest.ExceptionInfo[Refusal]) -> int:
    return refused.value.status


def encoded(value: bytes | str) -> str:
    return b64encode(value.encode() if isinstance(value, str) else value).decode()


# --- The protocol ---------------------------------------------------------------------------------


def test_the_override_goes_before_the_method() -> None:
    assert rules.method_of("POST", {"X-HTTP-Method-Override": "patch"}) == "PATCH"
    assert rules.method_of("POST", {}) == "POST"


@pytest.mark.parametrize("said", [{}, {"Tus-Resumable": ""}, {"Tus-Resumable": "0.2.2"}])
def test_another_version_is_told_which_one_we_speak(said: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        rules.judge_version(said)
    assert status(refused) == 412
    assert refused.value.headers == {"Tus-Version": "1.0.0"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 400),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "+1"}, 400),
        ({"Upload-Length": "1.5"}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Length": "9" * 5_000}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": str(MOST + 1)}, 413),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "1", "Upload-Concat": "partial"}, 400),
    ],
)
def test_a_length_that_cannot_be_is_refused(headers: dict[str, str], expected: int) -> None:
    with pytest.raises(Refusal) as refused:
        rules.length_of(headers, MOST)
    assert status(refused) == expected


def test_the_largest_length_is_taken() -> None:
    assert rules.length_of({"Upload-Length": str(MOST)}, MOST) == MOST


@pytest.mark.parametrize("said", ["", "text/plain", "application/offset+octet-stream-not"])
def test_a_part_of_another_type_is_refused(said: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.judge_type({"Content-Type": said})
    assert status(refused) == 415


@pytest.mark.parametrize(
    ("headers", "brings"),
    [
        ({}, False),
        ({"Content-Length": "0", "Content-Type": "text/plain"}, False),
        ({"Content-Length": "5", "Content-Type": rules.BODY_TYPE}, True),
        ({"Transfer-Encoding": "chunked", "Content-Type": rules.BODY_TYPE}, True),
    ],
)
def test_a_creation_may_bring_the_beginning_along(headers: dict[str, str], brings: bool) -> None:
    assert rules.carries_bytes(headers) is brings


def test_a_wrong_offset_is_told_the_right_one() -> None:
    with pytest.raises(Refusal) as refused:
        rules.judge_offset(3, 7)
    assert (status(refused), refused.value.headers) == (409, {"Upload-Offset": "7"})


def test_a_part_may_end_where_the_file_does_and_not_later() -> None:
    rules.judge_room(4, {"Content-Length": "6"}, 10)
    with pytest.raises(Refusal) as refused:
        rules.judge_room(4, {"Content-Length": "7"}, 10)
    assert status(refused) == 413


# --- Metadata -------------------------------------------------------------------------------------


def test_metadata_give_name_and_type_under_either_name() -> None:
    said = metadata.parse(f"filename {encoded('Æon.txt')}, filetype {encoded('text/plain')},draft")
    assert (said.name, said.type) == ("Æon.txt", "text/plain")
    assert metadata.parse(f"name {encoded('a.md')},type {encoded('x')}").name == "a.md"


@pytest.mark.parametrize("raw", ["", " "])
def test_no_metadata_are_fine(raw: str) -> None:
    assert metadata.parse(raw).name == ""


@pytest.mark.parametrize(
    "raw",
    [
        "filename not-base64!",
        f"a {encoded('x')},a {encoded('y')}",
        ",",
        f"ключ {encoded('x')}",
        "filename " + encoded(b"\xff\xfe"),
        ",".join(f"k{number} eA==" for number in range(metadata.MOST_PAIRS + 1)),
        "filename " + "A" * metadata.MOST_CHARACTERS,
        "a\x00b eA==",
    ],
)
def test_metadata_that_make_no_sense_are_refused(raw: str) -> None:
    with pytest.raises(Refusal) as refused:
        metadata.parse(raw)
    assert status(refused) == 400


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("novel.txt", "novel.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ada\\novel.txt", "novel.txt"),
        ("novel\0.txt\r\nSet-Cookie: x", "novel.txt Set-Cookie: x"),
        ("\u202etxt.fdp", "txt.fdp"),
        ("  a \t b  .md", "a b .md"),
        ("小説.txt", "小説.txt"),
        ("क्‍ष.txt", "क्‍ष.txt"),
        ("...", "Untitled"),
        ("", "Untitled"),
        ("\ud800x.txt", "x.txt"),
        ("<b>&'\".md", "<b>&'\".md"),
    ],
)
def test_a_name_is_one_line_of_text_and_no_path(said: str, shown: str) -> None:
    assert names.cleaned(said) == shown


def test_a_name_of_5_kb_keeps_its_beginning_and_its_extension() -> None:
    name = names.cleaned("x" * 5_000 + ".docx")
    assert len(name) == names.MOST_CHARACTERS
    assert name.endswith("….docx")


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_can_be_stored_and_shown(said: str) -> None:
    name = names.cleaned(said)
    assert 0 < len(name) <= names.MOST_CHARACTERS
    assert not set(name) & set("/\\\0\r\n\t\u202e\u2066")
    name.encode()


# --- Kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("a.TXT", "", "txt"),
        ("a.md", "text/plain; charset=utf-8", "md"),
        ("a.docx", DOCX, "docx"),
        ("a.pdf", "application/octet-stream", "pdf"),
        ("Untitled", "", ""),
        ("Untitled", "application/pdf", "pdf"),
    ],
)
def test_name_and_type_tell_the_kind(name: str, media_type: str, kind: str) -> None:
    assert kinds.judge_claim(name, media_type) == kind


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.exe", ""), ("a.pdf.html", ""), ("a.pdf", "text/html"), ("a", "image/png"), ("a.svg", "")],
)
def test_what_is_none_of_ours_or_does_not_agree_is_refused(name: str, media_type: str) -> None:
    with pytest.raises(Refusal) as refused:
        kinds.judge_claim(name, media_type)
    assert status(refused) == 415


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("txt", b"Call me Ishmael."),
        ("txt", "\ufeffCall me".encode("utf-16-le")),
        ("txt", b"caf\xe9"),
        ("pdf", b"%PDF-1.7\n\0\0"),
        ("rtf", b"{\\rtf1 x}"),
        ("docx", b"PK\x03\x04\0\0"),
        ("epub", EPUB_HEAD),
    ],
)
def test_the_first_bytes_tell_the_kind(kind: str, head: bytes) -> None:
    assert kinds.judge_head(kind, head) == kind


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("pdf", b"MZ\0\0"),
        ("txt", b"%PDF-1.7"),
        ("txt", b"\x7fELF\0"),
        ("odt", EPUB_HEAD),
        ("epub", b"PK\x03\x04"),
        ("docx", b"<html>"),
        ("", b"\x89PNG\r\n\x1a\n\0"),
    ],
)
def test_first_bytes_that_say_something_else_are_refused(kind: str, head: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        kinds.judge_head(kind, head)
    assert status(refused) == 422


@pytest.mark.parametrize(
    ("head", "kind"), [(b"%PDF-1.7", "pdf"), (b"Once", "txt"), (EPUB_HEAD, "epub")]
)
def test_what_nobody_named_is_what_its_bytes_say(head: bytes, kind: str) -> None:
    assert kinds.judge_head("", head) == kind


def zipped(*, names_in: bytes, size: int | None = None, at: int | None = None) -> bytes:
    """A zip's directory and its end; ``size`` and ``at`` are what the end claims of it."""
    local = b"PK\x03\x04" + b"\0" * 40
    claimed_size = len(names_in) if size is None else size
    claimed_at = len(local) if at is None else at
    end = b"PK\x05\x06" + b"\0" * 8
    end += claimed_size.to_bytes(4, "little") + claimed_at.to_bytes(4, "little") + b"\0\0"
    return local + names_in + end


def test_a_document_names_what_it_must_hold() -> None:
    whole = zipped(names_in=b"..word/document.xml..")
    kinds.judge_whole("docx", BytesIO(whole), len(whole))


@pytest.mark.parametrize(
    "whole",
    [
        zipped(names_in=b"..evil.exe.."),
        zipped(names_in=b"word/document.xml", size=2**32 - 1),
        zipped(names_in=b"word/document.xml", at=2**32 - 1),
        zipped(names_in=b"word/document.xml")[:-20],
        b"PK\x03\x04",
    ],
)
def test_a_zip_that_is_no_document_is_refused(whole: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        kinds.judge_whole("docx", BytesIO(whole), len(whole))
    assert status(refused) == 422


def test_a_text_is_one_to_its_last_byte() -> None:
    kinds.judge_whole("txt", BytesIO(b"x" * 2_000_000), 2_000_000)
    with pytest.raises(Refusal):
        kinds.judge_whole("txt", BytesIO(b"x" * 2_000_000 + b"\0"), 2_000_001)
