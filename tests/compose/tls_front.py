"""A proxy that ends TLS in front of an edge, as an ingress controller does, on a port of its own.

What comes without TLS on the same port is passed on too, and said to be http: whether that leads to
https is for the gateway to say.
"""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 15
TLS_HANDSHAKE = b"\x16"  # the first byte of every TLS connection (RFC 8446, 5.1)
MOST_HEAD_BYTES = 262_144


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost that nobody has signed, and its key."""

    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        """Make one in ``folder``."""
        made = cls(folder / "localhost.pem", folder / "localhost.key")
        options = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2")
        name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        files = ("-keyout", str(made.key), "-out", str(made.certificate))
        command = ["openssl", "req", "-x509", "-noenc", *options, *name, *files]
        subprocess.run(command, capture_output=True, check=True)
        return made


@contextmanager
def tls_front(behind: int, certificate: Certificate) -> Iterator[int]:
    """Pass on what comes to the port that is given, to the port ``behind``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_welcome, args=(listener, behind, context), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _welcome(listener: socket.socket, behind: int, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):  # the listener is closed at the end
        while True:
            visitor, _ = listener.accept()
            asked = (visitor, behind, context)
            threading.Thread(target=_serve, args=asked, daemon=True).start()


def _serve(visitor: socket.socket, behind: int, context: ssl.SSLContext) -> None:
    """Pass one request on, and the whole answer back."""
    visitor.settimeout(PATIENCE_SECONDS)
    with contextlib.suppress(OSError), contextlib.ExitStack() as open_until_here:
        scheme = "https" if visitor.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE else "http"
        if scheme == "https":
            visitor = context.wrap_socket(visitor, server_side=True)
        open_until_here.enter_context(visitor)
        asked = _with_scheme(_head_of(visitor), scheme)
        with socket.create_connection(("127.0.0.1", behind), PATIENCE_SECONDS) as line:
            line.sendall(asked)
            while chunk := line.recv(65_536):
                visitor.sendall(chunk)


def _head_of(visitor: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said and len(said) < MOST_HEAD_BYTES:
        chunk = visitor.recv(65_536)
        if not chunk:
            break
        said += chunk
    return said


def _with_scheme(asked: bytes, scheme: str) -> bytes:
    """Say by which scheme it came, whatever it says of that itself, and that it is the last."""
    head, end, body = asked.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    ours = (b"x-forwarded-proto:", b"x-forwarded-for:", b"connection:")
    kept = [field for field in fields if not field.lower().startswith(ours)]
    told = [b"X-Forwarded-Proto: " + scheme.encode(), b"Connection: close"]
    told.append(b"X-Forwarded-For: 198.51.100.7")
    # What is no request, and has no fields, is passed on as it came.
    return b"\r\n".join((first, *told, *kept)) + end + body if end else asked
