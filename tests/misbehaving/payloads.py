"""Upstreams that speak HTTP well and say the wrong thing."""

from asyncio import StreamReader, StreamWriter

from .wire import Behaviour, answer, read_request, reply, send


def _says(data: bytes, doc: str) -> Behaviour:
    """Return a behaviour that answers each request of the connection with ``data``."""

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        while await read_request(reader):
            await send(writer, data)

    behave.__doc__ = doc
    return behave


async def redirect_loop(reader: StreamReader, writer: StreamWriter) -> None:
    """Redirects to the path that was asked for, with its own address."""
    request = await read_request(reader)
    if not request:
        return
    path = request.split(b" ", 2)[1]
    await send(writer, reply(b"", "302 Found", headers=b"Location: %b\r\n" % path))


async def five_hundred_once(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers 500 and closes."""
    await answer(reader, writer, reply(b'{"title": "broken"}', "500 Internal Server Error"))


_METADATA = b"Location: http://169.254.169.254/latest/meta-data/\r\n"
_PROBLEM = "application/problem+json"

BEHAVIOURS = {
    "not_json": _says(reply(b"<<<not json>>>"), "Names JSON and sends something else."),
    "half_json": _says(reply(b'{"items": [1, 2'), "Sends JSON that stops half-way."),
    "html": _says(
        reply(b"<!doctype html><title>Sign in</title>", content_type="text/html"),
        "Sends a page for people, with status 200.",
    ),
    "empty_body": _says(reply(b""), "Sends status 200 and no body."),
    "null": _says(reply(b"null"), "Sends the JSON value null."),
    "wrong_schema": _says(reply(b'{"unexpected": [1, 2, 3]}'), "Sends JSON of another shape."),
    "wrong_types": _says(
        reply(b'{"ok": "maybe", "items": {"one": null}}'), "Sends the right names with wrong types."
    ),
    "nan": _says(reply(b'{"ok": NaN, "items": [Infinity]}'), "Sends NaN, which is no JSON."),
    "deep_nesting": _says(reply(b"[" * 100_000 + b"]" * 100_000), "Nests 100,000 lists."),
    "huge_integer": _says(reply(b'{"ok": ' + b"9" * 100_000 + b"}"), "Sends 100,000 digits."),
    "duplicate_keys": _says(reply(b'{"ok": true, "ok": false}'), "Names one key twice."),
    "bad_utf8": _says(reply(b'{"items": ["\xff\xfe"]}'), "Sends bytes that are no UTF-8."),
    "lone_surrogate": _says(reply(b'{"items": ["\\ud800"]}'), "Escapes half a character."),
    "nul": _says(reply(b'{"items": ["a\\u0000b", "c\x00d"]}'), "Sends NUL, escaped and raw."),
    "wrong_content_type": _says(
        reply(content_type="image/png"), "Sends good JSON and calls it a picture."
    ),
    "no_content_type": _says(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "Sends JSON and does not say what it is."
    ),
    "redirect_loop": redirect_loop,
    "redirect_to_metadata": _says(
        reply(b"", "302 Found", headers=_METADATA), "Redirects to a cloud's metadata address."
    ),
    "server_error": _says(
        reply(b'{"title": "broken"}', "500 Internal Server Error", _PROBLEM), "Answers 500."
    ),
    "five_hundred_once": five_hundred_once,
    "not_found": _says(reply(b'{"title": "gone"}', "404 Not Found", _PROBLEM), "Answers 404."),
    "retry_after_for_ever": _says(
        reply(b"", "503 Service Unavailable", headers=b"Retry-After: 999999999999\r\n"),
        "Answers 503 and asks to come back in 30,000 years.",
    ),
    "odd_status": _says(reply(status="799 Odd"), "Answers with a status that does not exist."),
    "set_cookie": _says(
        reply(headers=b"Set-Cookie: visitor=ada; Path=/\r\n"), "Sets a cookie for everybody."
    ),
}
