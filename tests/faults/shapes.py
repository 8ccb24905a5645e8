"""Requests as strangers write them: shapes that must be refused, and paths that lead nowhere."""

from tests.faults.raw import request

EVIL = "evil.example"
_POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
FOLLOWING = request("/smuggled")
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_NO_CHUNKS = b"0\r\n\r\n"

AMBIGUOUS = {
    "a length and chunks": _POST + b"Content-Length: 5\r\n" + _CHUNKED + b"\r\n" + _NO_CHUNKS,
    "chunks and a length": _POST + _CHUNKED + b"Content-Length: 5\r\n\r\n" + _NO_CHUNKS,
    "two lengths": _POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "a list of lengths": _POST + b"Content-Length: 5, 6\r\n\r\nabcde",
    "a signed length": _POST + b"Content-Length: +5\r\n\r\nabcde",
    "a negative length": _POST + b"Content-Length: -5\r\n\r\nabcde",
    "a hexadecimal length": _POST + b"Content-Length: 0x5\r\n\r\nabcde",
    "a length with an underscore": _POST + b"Content-Length: 0_5\r\n\r\nabcde",
    "a length in other digits": _POST + "Content-Length: ٥\r\n\r\nabcde".encode(),
    "a space before the colon": _POST + b"Content-Length : 5\r\n\r\nabcde",
    "chunks with a space before the colon": _POST + b"Transfer-Encoding : chunked\r\n\r\n",
    "an unknown coding": _POST + b"Transfer-Encoding: xchunked\r\n\r\n" + _NO_CHUNKS,
    "a coding that is none": _POST + b"Transfer-Encoding: identity\r\n\r\n",
    "packed chunks": _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + _NO_CHUNKS,
    "chunks twice": _POST + _CHUNKED * 2 + b"\r\n" + _NO_CHUNKS,
    "chunks and then none": _POST + _CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + _NO_CHUNKS,
    "chunks after a vertical tab": _POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + _NO_CHUNKS,
    "a negative chunk": _POST + _CHUNKED + b"\r\n-1\r\nx\r\n" + _NO_CHUNKS,
    "a chunk with a prefix": _POST + _CHUNKED + b"\r\n0x1\r\nx\r\n" + _NO_CHUNKS,
    "a chunk longer than it says": _POST + _CHUNKED + b"\r\n1\r\nxy" + _NO_CHUNKS,
    "a chunk ended by a line feed": _POST + _CHUNKED + b"\r\n1\nx\r\n" + _NO_CHUNKS,
    "an extension with a line feed": _POST + _CHUNKED + b"\r\n1;a\nb\r\nx\r\n" + _NO_CHUNKS,
    "a bare carriage return": _GET + b"X: a\rTransfer-Encoding: chunked\r\n\r\n" + _NO_CHUNKS,
    "a NUL in a header": _GET + b"X: a\0b\r\n\r\n",
    "a header without a colon": _GET + b"nonsense\r\n\r\n",
    "a header without a name": _GET + b": x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": _GET + f"Host: {EVIL}\r\n\r\n".encode(),
    "a space in the target": b"GET / x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a NUL in the target": b"GET /\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "raw bytes in the target": b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no version": b"GET / \r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "markup for a method": b"<SCRIPT> / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "garbage": b"\xff\xfe\xfd\r\n\r\n",
}
TOO_MUCH = {
    "a long target": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a long header": _GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    "a very long header": _GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": _GET + b"".join(b"X-%d: a\r\n" % n for n in range(3_000)) + b"\r\n",
    "many cookies": _GET + b"Cookie: a=b\r\n" * 3_000 + b"\r\n",
    "a length without end": _POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "an extension without end": _POST + _CHUNKED + b"\r\n1;" + b"a" * 100_000,
    "trailers without end": _POST + _CHUNKED + b"\r\n0\r\n" + b"X: a\r\n" * 50_000,
}
LIKE_STATIC = (
    "/index.css;.js",
    "/;.css",
    "/x.css",
    "/api/home.css",
    "/api/home/x.css",
    "/api/home;x.js",
    "/books/x.css",
    "/signin/x.css",
    "/static/../",
    "/static/..%2f",
    "/static/%2e%2e/",
    "/x.css/..%2f",
    "/x.css/../",
    "/%2fx.css",
    "/%3fx.css",
    "/%23.css",
    "/%00.css",
    "/%0a.css",
    "//x.css",
)
LEADING_OUT = (
    "/static/../manage.py",
    "/static/%2e%2e/manage.py",
    "/static/..%2f..%2fetc/passwd",
    "/static/..%5c..%5cmanage.py",
    "/static/....//manage.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/web/base.css%00.html",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
)
