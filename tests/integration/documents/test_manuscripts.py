"""Whose a manuscript is, how it is handed out, and what hostile visitors get."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.integration.documents.tus import (
    BLOCK,
    BYTES,
    ENDPOINT,
    TUS,
    add,
    ask,
    begin,
    kept_files,
    metadata,
)
from tests.live import DEMO_EMAIL, DEMO_PASSWORD, Server, Shop
from tests.plain import NO_TLS
from tests.server.wire import Connection, head

TEXT = b"Once upon a time.\n"
SENT = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def visitor(gateway: Server) -> Iterator[httpx.Client]:
    """A guest with a cookie jar."""
    with httpx.Client(base_url=gateway.url, trust_env=False, verify=NO_TLS, timeout=10) as client:
        yield client


def send(visitor: httpx.Client, name: str = "novel.txt", content: bytes = TEXT) -> str:
    """Send a whole manuscript; its address as a page of the owner has it."""
    name_header, _, value = metadata(name).partition(": ")
    told = SENT | {"Upload-Length": str(len(content)), name_header: value}
    answer = visitor.post(ENDPOINT, headers=told, content=content)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].replace("/uploads", "")


def sign_in(visitor: httpx.Client, email: str, password: str) -> None:
    """Sign in by the form."""
    page = visitor.get("/signin/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    proof = {"csrfmiddlewaretoken": token[1], "username": email, "password": password}
    assert visitor.post("/signin/", data=proof).status_code == 302


def by_form(visitor: httpx.Client, name: str, content: bytes, **headers: str) -> httpx.Response:
    """Send by the form, with its token."""
    page = visitor.get(ENDPOINT).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    return visitor.post(
        ENDPOINT,
        data={"csrfmiddlewaretoken": token[1]},
        files={"manuscript": (name, content)},
        headers=headers,
    )


# --- The protocol ---------------------------------------------------------------------------------


async def test_options_tell_what_can_be_done_and_allow_no_foreign_origin(gateway: Server) -> None:
    answer = await ask(gateway, "OPTIONS", ENDPOINT, "Origin: https://evil.example")
    assert answer.status == 204
    assert answer.headers["tus-resumable"] == answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == "104857600"
    assert {"creation", "termination", "expiration"} <= set(
        answer.headers["tus-extension"].split(",")
    )
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_head_tells_what_was_said_and_what_is_there(gateway: Server) -> None:
    path = await begin(gateway, 100_000, "novel.txt")
    await add(gateway, path, 0, BLOCK)
    answer = await ask(gateway, "HEAD", path, TUS)
    said = answer.headers
    assert (said["upload-offset"], said["upload-length"]) == (str(len(BLOCK)), "100000")
    assert (said["tus-resumable"], said["cache-control"]) == ("1.0.0", "no-store")
    assert f"Upload-Metadata: {said['upload-metadata']}" == metadata("novel.txt")
    assert said["upload-expires"].endswith("GMT")


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", (TUS,), 400),
        ("POST", (TUS, "Upload-Length: 0"), 400),
        ("POST", (TUS, "Upload-Length: x"), 400),
        ("POST", (TUS, "Upload-Defer-Length: 1"), 400),
        ("POST", (TUS, "Upload-Length: 104857601"), 413),
        ("POST", ("Tus-Resumable: 0.1", "Upload-Length: 5"), 412),
        ("POST", (TUS, "Upload-Length: 5", metadata("a.exe")), 415),
        ("POST", (TUS, "Upload-Length: 5", metadata("a.pdf", "text/html")), 415),
        ("POST", (TUS, "Upload-Length: 5", "Upload-Metadata: filename !"), 400),
        ("POST", (TUS, "Upload-Length: 5", "Upload-Metadata: \xff\xfe eA=="), 400),
        ("PATCH", (TUS,), 405),
        ("DELETE", (TUS,), 405),
        ("PUT", (), 405),
    ],
)
async def test_what_cannot_be_created_is_refused_in_a_sentence(
    gateway: Server, method: str, headers: tuple[str, ...], status: int
) -> None:
    answer = await ask(gateway, method, ENDPOINT, *headers)
    assert (answer.status, answer.headers.get("location")) == (status, None)
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ((BYTES, "Upload-Offset: 0"), b"x", 412),
        ((TUS, "Upload-Offset: 0"), b"x", 415),
        ((TUS, BYTES), b"x", 400),
        ((TUS, BYTES, "Upload-Offset: -1"), b"x", 400),
        ((TUS, BYTES, "Upload-Offset: 3"), b"x", 409),
        ((TUS, BYTES, "Upload-Offset: 0"), b"x" * 11, 413),
    ],
)
async def test_a_part_that_does_not_fit_is_refused_and_changes_nothing(
    gateway: Server, headers: tuple[str, ...], body: bytes, status: int
) -> None:
    path = await begin(gateway, 10)
    answer = await ask(gateway, "PATCH", path, *headers, body=body)
    assert answer.status == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await ask(gateway, "HEAD", path, TUS)).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    "path",
    ["00000000-0000-4000-8000-000000000000", "x", "..%2f..%2fetc%2fpasswd", "%00", "x" * 5000],
)
async def test_an_upload_that_nobody_began_is_not_there(gateway: Server, path: str) -> None:
    for method in ("HEAD", "DELETE"):
        answer = await ask(gateway, method, f"/manuscripts/uploads/{path}", TUS)
        assert answer.status in (400, 404)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/cron.d/evil.txt", "evil.txt"),
        ("a\0b\r\nX: y.txt", "ab X: y.txt"),
        ("\u202etxt.exe.txt", "txt.exe.txt"),
        ("<script>alert(1)</script>.md", "script>.md"),
        ("x" * 5_000 + ".txt", "x" * 145 + "….txt"),
    ],
)
def test_a_hostile_name_is_only_text(
    visitor: httpx.Client, uploads_root: Path, name: str, shown: str
) -> None:
    address = send(visitor, name)
    page = visitor.get(ENDPOINT)
    assert httpx.URL(address).path in page.text
    assert "<script>alert" not in page.text
    said = visitor.get(address).headers["content-disposition"]
    assert said.startswith("attachment; filename")
    assert shown in said or "filename*=utf-8''" in said.lower()
    ours = re.compile(r"manuscripts/[0-9a-f]{2}/[0-9a-f]{32}")
    for path in kept_files(uploads_root):
        assert ours.fullmatch(str(path.relative_to(uploads_root)))


# --- Owners ---------------------------------------------------------------------------------------


def test_the_owner_gets_it_back_as_an_attachment_that_nothing_runs_in(
    visitor: httpx.Client,
) -> None:
    answer = visitor.get(send(visitor, "Erzählung.md", TEXT))
    said = answer.headers
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert said["content-disposition"] == "attachment; filename*=utf-8''Erz%C3%A4hlung.md"
    assert said["content-type"] == "text/markdown"
    assert said["x-content-type-options"] == "nosniff"
    assert "sandbox" in said["content-security-policy"]
    assert said["cache-control"] == "private, no-store"
    assert said["content-length"] == str(len(TEXT))


def test_nobody_else_sees_reads_or_deletes_it(gateway: Server, visitor: httpx.Client) -> None:
    address = send(visitor, "mine-alone.txt")
    with httpx.Client(base_url=gateway.url, trust_env=False, verify=NO_TLS) as stranger:
        send(stranger)
        assert "mine-alone" not in stranger.get(ENDPOINT).text
        assert stranger.get(address).status_code == 404
        token = stranger.cookies["csrftoken"]
        told = {"X-CSRFToken": token}
        assert stranger.post(f"{address}/delete", headers=told).status_code == 404
        stranger.cookies.set("guest", "0" * 32 + ":forged:signature")
        assert stranger.get(address).status_code == 404
    assert visitor.get(address).status_code == 200


def test_who_knows_the_address_of_what_has_arrived_cannot_end_it(
    gateway: Server, visitor: httpx.Client
) -> None:
    address = send(visitor)
    upload = address.replace("/manuscripts/", "/manuscripts/uploads/")
    told = {"Tus-Resumable": "1.0.0"}
    with httpx.Client(base_url=gateway.url, trust_env=False, verify=NO_TLS) as stranger:
        refused = stranger.delete(upload, headers=told)
    assert (refused.status_code, "only who sent it" in refused.text) == (403, True)
    assert visitor.get(address).status_code == 200
    assert visitor.delete(upload, headers=told).status_code == 204
    assert visitor.get(address).status_code == 404


def test_what_is_not_all_there_is_not_handed_out(visitor: httpx.Client) -> None:
    told = {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}
    address = visitor.post(ENDPOINT, headers=told).headers["location"].replace("/uploads", "")
    assert visitor.get(address).status_code == 404


def test_looking_gives_nobody_a_cookie_of_a_guest(visitor: httpx.Client) -> None:
    visitor.get(ENDPOINT)
    assert "guest" not in visitor.cookies
    send(visitor)
    assert "guest" in visitor.cookies


def test_who_signs_in_keeps_what_they_sent_before(visitor: httpx.Client) -> None:
    address = send(visitor)
    sign_in(visitor, DEMO_EMAIL, DEMO_PASSWORD)
    assert visitor.get(address).status_code == 200
    theirs = send(visitor, "theirs.txt")
    visitor.cookies.delete("guest")
    assert visitor.get(theirs).status_code == 200
    assert visitor.get(address).status_code == 404


def test_the_staff_read_everybodys(shop: Shop, gateway: Server, visitor: httpx.Client) -> None:
    address = send(visitor)
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL="editor@example.com",
        DJANGO_SUPERUSER_NAME="The editor",
        DJANGO_SUPERUSER_PASSWORD="a-password-of-the-editor",
    )
    with httpx.Client(base_url=gateway.url, trust_env=False, verify=NO_TLS) as editor:
        sign_in(editor, "editor@example.com", "a-password-of-the-editor")
        assert editor.get(address).content == TEXT
        assert address not in editor.get(ENDPOINT).text
        assert address in editor.get("/admin/documents/manuscript/").text


def test_one_visitor_keeps_so_much_and_no_more(visitor: httpx.Client) -> None:
    told = {"Tus-Resumable": "1.0.0", "Upload-Length": "104857600"}
    answers = [visitor.post(ENDPOINT, headers=told) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [403]
    assert "Please delete one first" in answers[-1].text


# --- The form -------------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused(visitor: httpx.Client) -> None:
    answer = visitor.post(ENDPOINT, files={"manuscript": ("a.txt", TEXT)})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("a.txt", TEXT, 303, ""),
        ("a.exe", TEXT, 415, "of these kinds"),
        ("a.pdf", TEXT, 422, "something else"),
        ("a.txt", b"", 400, "not empty"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 5_000, 422, "something else"),
    ],
)
def test_a_form_is_judged_as_an_upload_is(
    visitor: httpx.Client, uploads_root: Path, name: str, content: bytes, status: int, said: str
) -> None:
    before = len(kept_files(uploads_root))
    answer = by_form(visitor, name, content)
    assert answer.status_code == status
    assert said in answer.text
    assert len(kept_files(uploads_root)) - before == (1 if status == 303 else 0)


def test_a_form_that_is_too_large_is_refused(visitor: httpx.Client) -> None:
    assert by_form(visitor, "a.txt", b"x" * 1_100_000).status_code == 413


# --- What nobody finishes -------------------------------------------------------------------------


async def test_what_expired_is_gone_and_its_bytes_are_swept(
    gateway: Server, shop: Shop, uploads_root: Path
) -> None:
    path = await begin(gateway, 100_000)
    await add(gateway, path, 0, BLOCK)
    name = path.rpartition("/")[2]
    bytes_of_it = uploads_root / "manuscripts" / name[:2] / name.replace("-", "")
    assert bytes_of_it.exists()
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "UPDATE documents_manuscript SET expires_at = now() - interval '1 s' WHERE id = %s",
            [name],
        )
    assert (await ask(gateway, "HEAD", path, TUS)).status == 410
    assert (await add(gateway, path, len(BLOCK), BLOCK)).status == 410
    await asyncio.to_thread(shop.manage, "sweep_uploads", UPLOADS_ROOT=str(uploads_root))
    assert not bytes_of_it.exists()
    assert (await ask(gateway, "HEAD", path, TUS)).status == 404


async def test_a_reader_who_goes_away_lets_go_of_the_file(
    gateway: Server, visitor: httpx.Client, uploads_root: Path
) -> None:
    address = send(visitor, "long.txt", BLOCK * 200)
    cookie = f"Cookie: guest={visitor.cookies['guest']}"
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", address, cookie))
        await connection.reader.readexactly(1000)
        assert _open_uploads(gateway, uploads_root) == 1
    async with asyncio.timeout(5):
        while _open_uploads(gateway, uploads_root):
            await asyncio.sleep(0.02)


def _open_uploads(gateway: Server, uploads_root: Path) -> int:
    """How many manuscripts a gateway has open."""
    found = 0
    for link in Path(f"/proc/{gateway.pid}/fd").iterdir():
        try:
            found += str(link.readlink()).startswith(str(uploads_root))
        except FileNotFoundError:
            continue
    return found
