"""Traces: our part of the callers' traces, sent to an OTLP endpoint where one is set; else nothing.

OpenTelemetry's own variables say where to and how much. An endpoint that hangs or is gone costs no
answer anything: a thread sends what lies in a bounded queue, and what does not fit is dropped.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import Scope

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

SERVICE = "promo_service"
HEADER = "traceparent"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
END_SECONDS = 1.0
log = logging.getLogger(f"{SERVICE}.traces")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Facts = Callable[[], Mapping[str, object]]


def trace_id_from(header: str | None) -> str | None:
    """The trace that the caller names (W3C Trace Context, level 1); ``None`` if it names none."""
    found = _TRACEPARENT.fullmatch(header or "")
    return found[1] if found else None


class Tracing:
    """Makes a span of each request: a child of the caller's, if the caller has one."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)

    @contextmanager
    def span(self, scope: Scope, facts: Facts) -> Iterator[None]:
        """A span around the answer to ``scope``; ``facts`` tells its end what the log is told."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {HEADER: Headers(scope=scope).get(HEADER, "")}
        caller = TraceContextTextMapPropagator().extract(carrier, Context())
        span = self._tracer.start_span(scope["method"], caller, SpanKind.SERVER)
        try:
            yield
        finally:
            told = facts()
            status = told["status"]
            # The path of a 404 is whatever somebody thought of: too many names, and maybe personal.
            if status not in (None, 404):
                span.update_name(f"{scope['method']} {scope['path']}")
                span.set_attribute("http.route", scope["path"])
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.response.status_code", status if type(status) is int else 0)
            span.set_attribute("request.id", str(told["request_id"]))
            if type(status) is not int or status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()

    def close(self) -> None:
        """Send what waits, for a moment; what is not sent by then is lost."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(END_SECONDS)


def tracing_from(environ: Mapping[str, str]) -> Tracing | None:
    """What the environment asks for; ``None`` without an endpoint."""
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if disabled or not any(environ.get(name, "").strip() for name in ENDPOINTS):
        return None
    # Imported here: who does not trace does not pay for it.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    for chatty in ("opentelemetry", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)  # told below, once for each outage
    name = environ.get("OTEL_SERVICE_NAME", "").strip() or SERVICE
    resource = Resource.create({SERVICE_NAME: name})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(telling(OTLPSpanExporter())))
    return Tracing(provider)


def telling(exporter: "SpanExporter") -> "SpanExporter":
    """``exporter``, which tells once that spans are lost, and once that they are not any more."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Telling(SpanExporter):
        failing = False

        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            result = exporter.export(spans)
            failed = result is not SpanExportResult.SUCCESS
            if failed != self.failing:
                log.warning("traces.lost") if failed else log.info("traces.sent")
            self.failing = failed
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Telling()
