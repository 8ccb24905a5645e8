"""Manuscripts by tus, on real gateways: with a stock client, and with connections that are cut."""

import asyncio
import signal
import socket
import struct
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from tusclient.client import TusClient

from gateway.documents.manuscripts import writing
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
    offset,
    part,
    reaches,
    resident_bytes,
)
from tests.live import Server, Shop
from tests.plain import NO_TLS
from tests.server.wire import Answer, Connection, head

BIG_BLOCKS = 960
"""About 63 MB."""

MEMORY_BYTES = 15_000_000
SOON_SECONDS = 5.0
"""Less than the 8 s after which an upload that is silent is given up."""


def test_a_stock_client_sends_a_large_file_in_one_part_and_no_memory_is_taken(
    gateway: Server, uploads_root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "long.txt"
    source.write_bytes(BLOCK * BIG_BLOCKS)
    before = resident_bytes(gateway, "VmRSS")
    with source.open("rb") as stream:  # the client itself would not close it
        uploader = TusClient(gateway.url + ENDPOINT).uploader(file_stream=stream)
        uploader.upload()
    assert resident_bytes(gateway) - before < MEMORY_BYTES
    assert uploader.offset == source.stat().st_size
    kept = max(kept_files(uploads_root), key=lambda path: path.stat().st_size)
    assert kept.read_bytes() == source.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()


def test_a_stock_client_sends_parts_to_two_replicas(
    gateway: Server, replica: Server, tmp_path: Path
) -> None:
    source = tmp_path / "novel.md"
    source.write_bytes(b"# A novel\n" + BLOCK * 10)
    described = {"filename": source.name, "filetype": "text/markdown"}
    with source.open("rb") as stream:
        first = TusClient(gateway.url + ENDPOINT).uploader(
            file_stream=stream, chunk_size=200_000, metadata=described
        )
        first.upload_chunk()
        there = first.url.replace(gateway.url, replica.url)
        second = TusClient(replica.url + ENDPOINT).uploader(file_stream=stream, url=there)
        assert second.offset == 200_000
        second.upload()
    assert second.offset == first.get_offset() == source.stat().st_size


async def test_what_came_before_a_cut_is_kept_and_gone_on_with_elsewhere(
    gateway: Server, replica: Server, uploads_root: Path
) -> None:
    whole = BLOCK * 40
    path = await begin(gateway, len(whole))
    sent = BLOCK * 15
    async with Connection(gateway.url) as connection:
        await connection.send(part(path, 0, len(whole)) + sent)
        await asyncio.sleep(0.1)
        connection.leave()
    stands = await reaches(replica, path, len(sent))
    answer = await add(replica, path, stands, whole[stands:])
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(len(whole)))
    assert (uploads_root / "manuscripts" / _name(path)).read_bytes() == whole


async def test_a_visitor_whose_connection_was_reset_goes_on_at_once(replica: Server) -> None:
    """Long before the silence of the old connection would have freed the upload."""
    whole = BLOCK * 60
    path = await begin(replica, len(whole))
    with socket.create_connection(("127.0.0.1", replica.port)) as cut:
        cut.sendall(part(path, 0, len(whole)) + whole[: len(BLOCK) * 48])
        cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    async with asyncio.timeout(SOON_SECONDS):
        while (await _go_on(replica, path, whole)).status in (409, 423):
            await asyncio.sleep(0.05)
    assert await offset(replica, path) == len(whole)
    assert "Traceback" not in replica.said()


async def _go_on(gateway: Server, path: str, whole: bytes) -> Answer:
    stands = await offset(gateway, path)
    return await add(gateway, path, stands, whole[stands:])


async def test_an_upload_survives_kill_9_of_its_gateway(
    shop: Shop, replica: Server, uploads_root: Path
) -> None:
    whole = BLOCK * 200
    with shop.another_gateway(UPLOADS_ROOT=str(uploads_root)) as doomed:
        path = await begin(doomed, len(whole))
        async with Connection(doomed.url) as connection:
            await connection.send(part(path, 0, len(whole)) + whole[: len(BLOCK) * 150])
            await reaches(replica, path, 4_000_000)
            doomed.signal(signal.SIGKILL)
            doomed.wait()
    stands = await offset(replica, path)
    assert 4_000_000 <= stands < len(whole)
    assert (await add(replica, path, stands, whole[stands:])).status == 204
    assert (uploads_root / "manuscripts" / _name(path)).read_bytes() == whole


async def test_of_two_who_send_to_one_upload_at_once_one_is_told(
    gateway: Server, replica: Server, uploads_root: Path
) -> None:
    path = await begin(gateway, len(BLOCK) * 4)
    file = uploads_root / "manuscripts" / _name(path)
    async with Connection(replica.url) as connection, asyncio.timeout(10):
        await connection.send(part(path, 0, len(BLOCK) * 4) + b"x")
        while not file.exists() or not file.stat().st_size:
            await asyncio.sleep(0.01)
        told = await add(gateway, path, 0, BLOCK)
        assert (told.status, told.headers["retry-after"]) == (423, "1")
        await connection.send(BLOCK * 4)
        assert (await connection.answer("PATCH")).status == 204
    assert await offset(gateway, path) == len(BLOCK) * 4


async def test_who_sends_nothing_for_too_long_is_cut_off_and_keeps_what_came(
    gateway: Server,
) -> None:
    path = await begin(gateway, len(BLOCK) * 4)
    async with Connection(gateway.url) as connection:
        await connection.send(part(path, 0, len(BLOCK) * 4) + BLOCK)
        answer = await connection.answer("PATCH")
        assert (answer.status, answer.closes) == (408, True)
    assert await offset(gateway, path) == len(BLOCK)


async def test_an_answer_before_the_end_of_a_body_is_heard_and_the_body_is_no_request(
    gateway: Server,
) -> None:
    path = await begin(gateway, len(BLOCK) * 100)
    smuggled = head("GET", "/livez")
    async with Connection(gateway.url) as connection:
        await connection.send(part(path, 7, len(BLOCK) * 100) + smuggled * 2000)
        for _ in range(40):  # as clients do that listen only when they have said all
            await connection.send(BLOCK)
            await asyncio.sleep(0.01)
        answer = await connection.answer("PATCH")
        assert (answer.status, answer.closes, answer.headers["upload-offset"]) == (409, True, "0")
        assert await connection.until_closed() == b""


async def test_a_body_in_chunks_is_taken_and_the_connection_goes_on(gateway: Server) -> None:
    path = await begin(gateway, len(BLOCK) * 2)
    chunk = b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
    async with Connection(gateway.url) as connection:
        first = head("PATCH", path, TUS, BYTES, "Upload-Offset: 0", "Transfer-Encoding: chunked")
        await connection.send(first + chunk * 2 + b"0\r\n\r\n")
        assert (await connection.answer("PATCH")).status == 204
        await connection.send(head("HEAD", path, TUS))
        answer = await connection.answer("HEAD")
    assert answer.headers["upload-offset"] == str(len(BLOCK) * 2)
    assert "upload-expires" not in answer.headers


async def test_chunks_without_end_are_refused_and_what_was_asked_for_is_kept(
    gateway: Server,
) -> None:
    path = await begin(gateway, len(BLOCK) * 2)
    chunk = b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
    async with Connection(gateway.url) as connection:
        first = head("PATCH", path, TUS, BYTES, "Upload-Offset: 0", "Transfer-Encoding: chunked")
        await connection.send(first + chunk * 30)
        answer = await connection.answer("PATCH")
    assert (answer.status, answer.closes) == (413, True)
    assert await offset(gateway, path) < len(BLOCK) * 2


async def test_a_part_larger_than_any_manuscript_is_refused_unread(gateway: Server) -> None:
    path = await begin(gateway, 10)
    async with Connection(gateway.url) as connection:
        await connection.send(part(path, 0, 200_000_000))
        answer = await connection.answer("PATCH")
    assert (answer.status, answer.closes) == (413, True)


async def test_an_upload_is_created_with_its_bytes(gateway: Server, uploads_root: Path) -> None:
    headers = (TUS, BYTES, f"Upload-Length: {len(BLOCK)}", metadata("short.txt"))
    answer = await ask(gateway, "POST", ENDPOINT, *headers, body=BLOCK)
    assert (answer.status, answer.headers["upload-offset"]) == (201, str(len(BLOCK)))
    kept = uploads_root / "manuscripts" / _name(answer.headers["location"])
    assert kept.read_bytes() == BLOCK


async def test_an_ended_upload_is_gone_with_its_bytes(gateway: Server, uploads_root: Path) -> None:
    path = await begin(gateway, len(BLOCK) * 2)
    await add(gateway, path, 0, BLOCK)
    assert (uploads_root / "manuscripts" / _name(path)).exists()
    answer = await ask(gateway, "POST", path, TUS, "X-HTTP-Method-Override: DELETE")
    assert answer.status == 204
    assert not (uploads_root / "manuscripts" / _name(path)).exists()
    for method in ("HEAD", "DELETE"):
        assert (await ask(gateway, method, path, TUS)).status == 404
    assert (await add(gateway, path, len(BLOCK), BLOCK)).status == 404


async def test_what_is_not_what_it_says_is_refused_at_its_first_bytes(
    gateway: Server, uploads_root: Path
) -> None:
    path = await begin(gateway, 1_000_000, "novel.pdf")
    answer = await add(gateway, path, 0, b"MZ" + b"\0" * 20_000)
    assert answer.status == 422
    assert b"called .pdf" in answer.body
    assert not (uploads_root / "manuscripts" / _name(path)).exists()
    assert (await ask(gateway, "HEAD", path, TUS)).status == 404


async def test_who_is_one_too_many_is_told_when_to_come_back(replica: Server) -> None:
    paths = [await begin(replica, 1_000) for _ in range(writing.MOST_WRITERS + 1)]
    async with AsyncExitStack() as stack:
        waiting = []
        for path in paths:
            connection = await stack.enter_async_context(Connection(replica.url))
            await connection.send(part(path, 0, 1_000) + b"x")
            waiting.append(asyncio.create_task(connection.answer("PATCH")))
        answered, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        [answer] = [task.result() for task in answered]
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def test_a_reader_who_is_slow_takes_no_memory(gateway: Server) -> None:
    headers = (TUS, BYTES, f"Upload-Length: {len(BLOCK) * BIG_BLOCKS}")
    sent = await ask(gateway, "POST", ENDPOINT, *headers, body=BLOCK * BIG_BLOCKS)
    address = sent.headers["location"].replace("/uploads", "")
    cookie = sent.headers["set-cookie"].partition(";")[0]
    before = resident_bytes(gateway, "VmRSS")
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", address, f"Cookie: {cookie}"))
        await connection.reader.readexactly(100_000)
        # Whoever is not waited for has it all in the gateway's memory by now.
        assert (await ask(gateway, "OPTIONS", ENDPOINT)).status == 204
        await asyncio.sleep(0.3)
        assert resident_bytes(gateway) - before < MEMORY_BYTES


async def test_an_upload_carries_what_every_answer_of_ours_does(gateway: Server) -> None:
    path = await begin(gateway, len(BLOCK))
    async with Connection(gateway.url) as connection:
        told = (TUS, BYTES, "Upload-Offset: 0", f"Content-Length: {len(BLOCK)}", "X-Request-ID: x7")
        await connection.send(head("PATCH", path, *told) + BLOCK)
        answer = await connection.answer("PATCH")
    assert answer.status == 204
    assert answer.headers["x-request-id"] == "x7"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "page;dur=" in answer.headers["server-timing"]
    assert '"request_id": "x7"' in gateway.said()


def test_an_unknown_host_is_refused(gateway: Server) -> None:
    headers = {"Host": "evil.example", "Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    answer = httpx.post(gateway.url + ENDPOINT, headers=headers, trust_env=False, verify=NO_TLS)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def _name(path: str) -> str:
    """Where the bytes of an upload lie, below the folder of manuscripts."""
    name = path.rpartition("/")[2].replace("-", "")
    return f"{name[:2]}/{name}"
