"""A collector: takes spans over OTLP/HTTP as any other does, and keeps them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.process import wait_until

PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Span:
    """A span as it arrived; times are seconds since 1970."""

    service: str
    name: str
    trace_id: str
    id: str
    parent_id: str
    kind: int
    began: float
    ended: float
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...]
    is_error: bool

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Collector:
    """Keeps what it was sent. While ``refusing`` it answers 503, while ``hanging`` not at all."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.refusing = False
        self.released = threading.Event()
        self.released.set()
        self.asked = 0
        self.url = ""

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace that have come so far."""
        return [span for span in list(self.spans) if span.trace_id == trace_id]

    def whole(self, trace_id: str, count: int) -> list[Span]:
        """The spans of a trace once there are ``count``; fails where they do not come."""
        assert wait_until(lambda: len(self.trace(trace_id)) >= count, PATIENCE_SECONDS), [
            (span.service, span.name) for span in self.trace(trace_id)
        ]
        return self.trace(trace_id)

    def take(self, body: bytes) -> None:
        """Take in one export."""
        self.bodies.append(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [_span(service, each) for each in scope.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            assert self.headers["Content-Type"] == "application/x-protobuf"
            collector.released.wait(PATIENCE_SECONDS)
            if not collector.refusing:
                collector.take(body)
            self.send_response(400 if collector.refusing else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who hung up is nobody's fault."""

    server = Quiet(("127.0.0.1", 0), Answers)
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield collector
    finally:
        collector.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _span(service: str, said: Any) -> Span:
    return Span(
        service,
        said.name,
        said.trace_id.hex(),
        said.span_id.hex(),
        said.parent_span_id.hex(),
        said.kind,
        said.start_time_unix_nano / 1e9,
        said.end_time_unix_nano / 1e9,
        _values(said.attributes),
        tuple((event.name, _values(event.attributes)) for event in said.events),
        said.status.code == said.status.STATUS_CODE_ERROR,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
