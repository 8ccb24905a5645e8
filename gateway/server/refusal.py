"""Refusing what is no request, or more of one than we take: an answer first, then the end."""

import secrets
from functools import cache
from typing import Any

from gateway.web.protection import NOTHING, protection

LINGER_SECONDS = 2.0
"""For how long we listen to a visitor whom we refused: to hang up at once would lose the answer."""

BAD_REQUEST = (b"400 Bad Request", b"This is not a request that can be understood.\n")
NO_HOST = (b"400 Bad Request", b"A request must say which host it means.\n")
TOO_LARGE = (
    b"413 Content Too Large",
    b"The request body is larger than this server takes.\n",
)
URI_TOO_LONG = (b"414 URI Too Long", b"The address is longer than this server takes.\n")
NO_SUCH_METHOD = (b"501 Not Implemented", b"This server knows no such method.\n")
TOO_SLOW = (b"408 Request Timeout", b"The request took too long to come.\n")
HEADER_TOO_LARGE = (
    b"431 Request Header Fields Too Large",
    b"The request header is larger than this server takes.\n",
)


PAGE = b"""<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>%s</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
</head><body><main><h1>That cannot be taken</h1>
<p>%s</p><p><a href="/">To the shop</a>, or back to where you were.</p></main></body></html>
"""
"""Without a style sheet: it is sent while its visitor may still be sending."""


@cache
def _said() -> bytes:
    """Return the header lines that protect whoever reads a refusal; its icon is a picture."""
    said = protection() | {"Content-Security-Policy": f"{NOTHING}; img-src data:"}
    return "".join(f"{name}: {value}\r\n" for name, value in said.items()).encode("ascii")


def answer_of(refusal: tuple[bytes, bytes], *, to_a_person: bool = False) -> bytes:
    """Return what is sent for ``refusal``, a status and a sentence; the last of its connection.

    ``to_a_person`` sends the sentence as a page, with a way back.
    """
    status, sentence = refusal
    body = PAGE % (status[4:], sentence.strip()) if to_a_person else sentence
    return (
        b"HTTP/1.1 %s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Length: %d\r\n"
        b"Connection: close\r\nCache-Control: no-store\r\n%s"
        b"X-Request-ID: %s\r\nServer-Timing: page;dur=0.0\r\n\r\n%s"
        % (
            status,
            b"html" if to_a_person else b"plain",
            len(body),
            _said(),
            secrets.token_hex(16).encode(),
            body,
        )
    )


def refuse(channel: Any, refusal: tuple[bytes, bytes], *, to_a_person: bool = False) -> None:
    """Answer with ``refusal`` on a channel of Twisted's, and end the connection."""
    channel.transport.write(answer_of(refusal, to_a_person=to_a_person))
    channel.transport.loseWriteConnection()
    channel.callLater(LINGER_SECONDS, channel.transport.abortConnection)
