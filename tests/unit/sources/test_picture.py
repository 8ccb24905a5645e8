"""A picture from elsewhere is judged by its bytes, and by nothing that is said of it."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    BadPayload,
    BadStatus,
    ReplyTooLarge,
    SourceError,
    SourceRejected,
)
from gateway.aggregation.source import UNCHANGED, Call, Reply
from gateway.sources.picture import MOST_BYTES, Image, Picture, media_type, picture_source

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
FACE = Picture(
    name="face",
    service="AVATAR_SERVICE_URL",
    path="/avatar/{hash}",
    query={"d": "404", "s": "160"},
    asks=("hash",),
    payload=Image | None,
    timeout="AVATAR_TIMEOUT_SECONDS",
)

Answer = Callable[[httpx.Request], httpx.Response]


async def ask(answer: Answer, known_as: str = "ab12", etag: str | None = None) -> Reply:
    """Ask a service that answers so."""
    source = picture_source(FACE, "http://faces.test", httpx.MockTransport(answer))
    clock = asyncio.get_running_loop().time
    return await source(Call(Deadline(clock() + 5, clock), {"hash": known_as}, etag=etag))


def says(content: bytes, status: int = 200, **headers: str) -> Answer:
    """A service that says always the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, stream=_Stream(content), headers=named)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self):  # type: ignore[no-untyped-def]
        for start in range(0, len(self._content), 65_536):
            yield self._content[start : start + 65_536]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF87a..", "image/gif"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
async def test_four_formats_are_known_by_their_first_bytes(content: bytes, kind: str) -> None:
    reply = await ask(says(content, Content_Type="text/html"))
    assert reply.value == Image(kind, content)


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"GIF", b"RIFF\0\0\0\0WAVE",
     b"%PDF-1.7", b" \x89PNG\r\n\x1a\n", b"{}"],
)  # fmt: skip
async def test_all_else_is_no_picture_whatever_is_said_of_it(content: bytes) -> None:
    assert media_type(content) is None
    with pytest.raises(BadPayload):
        await ask(says(content, Content_Type="image/png"))


async def test_no_such_picture_is_an_answer() -> None:
    reply = await ask(says(b"nothing", 404, Cache_Control="max-age=300"))
    assert reply.value is None
    assert reply.terms.fresh == 300


@pytest.mark.parametrize("status", [301, 302, 307, 308, 204, 400, 403, 429, 500, 503])
async def test_any_other_status_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers={"Location": "http://169.254.169.254/"})

    with pytest.raises(BadStatus):
        await ask(answer)
    assert [str(request.url.host) for request in asked] == ["faces.test"]


async def test_a_picture_is_half_a_megabyte_at_most() -> None:
    whole = PNG.ljust(MOST_BYTES, b"x")
    assert (await ask(says(whole))).value.content == whole
    with pytest.raises(ReplyTooLarge):
        await ask(says(whole + b"x"))


async def test_the_question_names_the_hash_and_nothing_of_the_visitor() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, stream=_Stream(PNG))

    await ask(answer)
    assert str(asked[0].url) == "http://faces.test/avatar/ab12?d=404&s=160"
    assert not {"cookie", "referer", "authorization"} & set(asked[0].headers)


@pytest.mark.parametrize("known_as", ["", "../x", "a/b", "a?b", "a b", "é", "a%2e", "a\r\nb"])
async def test_what_fits_into_no_path_is_not_asked(known_as: str) -> None:
    with pytest.raises(SourceRejected):
        await ask(says(PNG), known_as)


async def test_what_is_unchanged_is_not_sent_again() -> None:
    reply = await ask(says(b"", 304), etag='"x"')
    assert reply.value is UNCHANGED


async def test_packed_data_that_is_no_picture_is_no_picture() -> None:
    with pytest.raises(SourceError):
        await ask(says(b"\x1f\x8b" + b"\0" * 40, Content_Encoding="gzip"))
