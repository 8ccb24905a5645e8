"""What every answer must say to a browser, and a request for each kind of answer that there is."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 10.0
HOST = "shop.example"
HSTS = "max-age=31536000; includeSubDomains; preload"
SAID = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action '")
_DENIED = ("camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()")
_LEAKING = ("x-powered-by", "via", "x-runtime", "x-generator", "x-accel-redirect")


@dataclass(frozen=True)
class Answer:
    """The head of an answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class Kind:
    """A request, and the statuses of which its answer has one.

    ``by_django`` says that the gateway's middleware sees it, and so says whether it came by https.
    """

    name: str
    statuses: tuple[int, ...]
    line: str = "GET / HTTP/1.1"
    fields: tuple[str, ...] = ()
    host: str = HOST
    by_django: bool = True

    def request(self, *, scheme: str) -> bytes:
        """Return it as bytes, as a proxy passes it on that was asked by ``scheme``."""
        fields = (f"Host: {self.host}", f"X-Forwarded-Proto: {scheme}", "Connection: close")
        return "\r\n".join((self.line, *fields, *self.fields, "", "")).encode("latin-1")


KINDS = (
    Kind("a page", (200,)),
    Kind("a page of nothing new", (200,), "HEAD / HTTP/1.1"),
    Kind("a page without its main part", (200, 503), "GET /books/ HTTP/1.1"),
    Kind("json", (200,), "GET /api/home HTTP/1.1"),
    Kind("a form", (200,), "GET /signin/ HTTP/1.1"),
    Kind("a probe", (200,), "GET /livez HTTP/1.1"),
    Kind("another probe", (200, 503), "GET /readyz HTTP/1.1"),
    Kind("measures", (200, 404), "GET /metrics HTTP/1.1"),
    Kind("nothing", (404,), "GET /nothing-lives-here/ HTTP/1.1"),
    Kind("no file", (404,), "GET /static/nothing.css HTTP/1.1"),
    Kind("no room", (404,), "GET /ws/chat/reading-room/ HTTP/1.1"),
    Kind("a slash", (301,), "GET /books HTTP/1.1"),
    Kind("staff alone", (302,), "GET /ops/ HTTP/1.1"),
    Kind("the admin", (302,), "GET /admin/ HTTP/1.1"),
    Kind("a wrong method", (405,), "DELETE / HTTP/1.1"),
    Kind("a method of nobody's", (405,), "TRACE / HTTP/1.1"),
    Kind("a forged form", (403,), "POST /signin/ HTTP/1.1", ("Content-Length: 0",)),
    Kind("an upload of nobody's", (403, 404), "PATCH /manuscripts/x HTTP/1.1"),
    Kind("an odd host", (400,), host="evil.example"),
    Kind("a NUL", (400,), "GET /%00 HTTP/1.1"),
    Kind(
        "too large a body",
        (413,),
        "POST /signin/ HTTP/1.1",
        ("Content-Length: 90000000",),
        by_django=False,
    ),
    Kind("too long an address", (414,), f"GET /{'a' * 40_000} HTTP/1.1", by_django=False),
    Kind("too large a header", (431,), fields=(f"X-Long: {'a' * 40_000}",), by_django=False),
    Kind("no request", (400,), "GET", by_django=False),
)


def ask(port: int, request: bytes) -> Answer:
    """Send ``request`` and read the answer; whoever refuses may do so before we have said all."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as line:
        try:
            line.sendall(request)
            while chunk := line.recv(65_536):
                said += chunk
        except ConnectionError:
            pass  # what came before a reset is the answer
    return _read(said.decode("utf-8", "replace"))


def stylesheet(page: Answer) -> Kind:
    """Return the kind that the answer is with which a file comes that ``page`` names."""
    found = re.search(r'href="(/static/[^"]+\.css)"', page.body)
    assert found, page
    return Kind("a file", (200,), f"GET {found[1]} HTTP/1.1", by_django=False)


def drawing(page: Answer) -> Kind:
    """Return the kind that the answer is with which a drawing comes that ``page`` names."""
    found = re.search(r'src="(/art/[^"]+)"', page.body)
    assert found, page
    return Kind("a drawing", (200,), f"GET {found[1]} HTTP/1.1")


def weaknesses(answer: Answer, *, hsts: bool) -> list[str]:
    """Return what is missing in an answer, or too soft; ``hsts`` where it has come by https."""
    headers = answer.headers
    found = [name for name, value in SAID.items() if headers.get(name) != value]
    policy = headers.get("content-security-policy", "")
    found += [f"no {part} in the policy" for part in _POLICY if part not in policy]
    found += re.findall(r"'unsafe-[a-z-]+'|https?:|\*", policy)
    found += [part for part in _DENIED if part not in headers.get("permissions-policy", "")]
    found += [name for name in _LEAKING if name in headers]
    if headers.get("server", "nginx") != "nginx":
        found.append(f"the server is {headers['server']}")
    if not headers.get("cache-control"):
        found.append("nothing of caches")
    if (headers.get("strict-transport-security") == HSTS) is not hsts:
        found.append(f"HSTS is {headers.get('strict-transport-security')}")
    for cookie in answer.cookies:
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        wanted = {"secure", "httponly", "samesite=lax"}
        found += [f"{cookie.split('=')[0]} is not {each}" for each in sorted(wanted - parts)]
    return found


def _read(text: str) -> Answer:
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)]
    status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    assert status, text[:500]
    names = [name for name, _ in fields]
    twice = {name for name in names if names.count(name) > 1 and name != "set-cookie"}
    assert not twice, f"{twice} come twice"
    cookies = tuple(value for name, value in fields if name == "set-cookie")
    return Answer(int(status[1]), dict(fields), cookies, body)
