"""Refusing what is no request, or more of one than we take: an answer first, then the end."""

from typing import Any

LINGER_SECONDS = 2.0
"""For how long we listen to a visitor whom we refused: to hang up at once would lose the answer."""

BAD_REQUEST = (b"400 Bad Request", b"This is not a request that can be understood.\n")
NO_HOST = (b"400 Bad Request", b"A request must say which host it means.\n")
TOO_LARGE = (
    b"413 Content Too Large",
    b"The request body is larger than this server takes.\n",
)
URI_TOO_LONG = (b"414 URI Too Long", b"The address is longer than this server takes.\n")
HEADER_TOO_LARGE = (
    b"431 Request Header Fields Too Large",
    b"The request header is larger than this server takes.\n",
)


def refuse(channel: Any, refusal: tuple[bytes, bytes]) -> None:
    """Answer with ``refusal``, a status and a sentence, and end the connection."""
    status, sentence = refusal
    channel.transport.write(
        b"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
        b"Connection: close\r\nCache-Control: no-store\r\nServer-Timing: page;dur=0.0\r\n\r\n%s"
        % (status, len(sentence), sentence)
    )
    channel.transport.loseWriteConnection()
    channel.callLater(LINGER_SECONDS, channel.transport.abortConnection)
