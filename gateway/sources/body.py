"""Reading a reply's body: bytes are counted as they come and unpacked; none is kept beyond."""

import zlib

import httpx

from gateway.aggregation.errors import BadProtocol, ReplyTooLarge

MAX_BYTES = 1_048_576
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


async def read_body(source: str, response: httpx.Response, most: int = MAX_BYTES) -> bytes:
    """Return the body, unpacked. Raises ``ReplyTooLarge`` at the first byte beyond ``most``.

    We ask for no packing; gzip is understood all the same, because some servers never ask. It is
    unpacked here, step by step into what room is left: a library that unpacks a whole chunk at a
    time has the bomb in memory before anybody can count.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise BadProtocol(source, "an encoding that was not asked for")
    unpack = Gunzip(source) if encoding == "gzip" else None
    body = bytearray()
    received = 0
    async for chunk in response.stream:  # type: ignore[union-attr]  # a transport's is asynchronous
        # Packed data may unpack to nothing for ever, and what follows their end is kept by zlib.
        received += len(chunk)
        body += unpack(chunk, most + 1 - len(body)) if unpack else chunk
        if max(received, len(body)) > most:
            raise ReplyTooLarge(source, f"more than {most} bytes")
    if unpack and not unpack.whole:
        raise BadProtocol(source, "packed data that ends too early")
    return bytes(body)


class Gunzip:
    """Unpacks at most as many bytes as it is allowed; what is packed beyond them stays so."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)

    def __call__(self, chunk: bytes, room: int) -> bytes:
        """Return what ``chunk`` unpacks to, ``room`` bytes at most."""
        try:
            return self._unpack.decompress(chunk, room)
        except zlib.error as exc:
            raise BadProtocol(self._source, "broken packed data") from exc

    @property
    def whole(self) -> bool:
        """Whether the end of the packed data was there."""
        return self._unpack.eof
