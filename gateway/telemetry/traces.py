"""Traces: sampled records go to an OTLP endpoint as spans, beside the pages and never before them.

Off unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; OpenTelemetry's own variables say the rest. An
endpoint that hangs or is gone costs no page anything: spans wait in a bounded queue, a thread sends
them, and what does not fit is dropped.
"""

import logging
import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from gateway.aggregation.record import Record
from gateway.telemetry.logs import log

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    from gateway.telemetry.spans import SpanMaker

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE_NAME = "gateway"
END_SECONDS = 1.0
"""At the end of the process, what is not sent by then is lost."""


class Tracing:
    """Decides which requests are traced, and sends what they did."""

    def __init__(self, spans: "SpanMaker") -> None:
        self._spans = spans

    def samples(self, trace_id: str, parent_id: str, parent_sampled: bool) -> bool:
        """Whether a request is traced. ``parent_id`` is empty where a trace begins with it."""
        from opentelemetry.sdk.trace.sampling import Decision

        from gateway.telemetry.spans import context_of

        parent = context_of(trace_id, parent_id, sampled=parent_sampled)
        decided = self._spans.sampler.should_sample(parent, int(trace_id, 16), "request")
        return decided.decision is Decision.RECORD_AND_SAMPLE

    def send(self, record: Record) -> None:
        """Let the spans of a record that is closed be sent; it never waits, and never raises."""
        try:
            self._spans.make(record)
        except Exception:  # noqa: BLE001 - to tell of a page must never break it
            log.exception("trace.failed")

    def close(self) -> None:
        """Send what waits, for a moment."""
        ending = threading.Thread(target=self._spans.processor.shutdown, daemon=True)
        ending.start()
        ending.join(END_SECONDS)


@cache
def tracing() -> Tracing | None:
    """Return what traces in this process; None where it is off."""
    if not is_wanted():
        return None
    # Imported here: the library takes a tenth of a second to import, and mostly it is off.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from gateway.telemetry.spans import SpanMaker

    for chatty in ("opentelemetry", "urllib3"):
        # What becomes of spans is told below, once for each outage instead of for each batch.
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    processor = BatchSpanProcessor(telling(OTLPSpanExporter()))
    name = os.environ.get("OTEL_SERVICE_NAME", "").strip() or SERVICE_NAME
    return Tracing(SpanMaker(name, processor))


def is_wanted() -> bool:
    """Whether an endpoint is set, and nothing else says no."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not disabled and any(os.environ.get(name, "").strip() for name in ENDPOINTS)


def end_tracing() -> None:
    """Send what waits, if there is anything."""
    if tracing.cache_info().currsize and (ours := tracing()) is not None:
        ours.close()


def telling(exporter: "SpanExporter") -> "SpanExporter":
    """Return ``exporter``, which tells once that spans are lost, and once that none is any more.

    The library would write several lines for each batch.
    """
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Telling(SpanExporter):
        failing = False

        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            result = exporter.export(spans)
            failed = result is not SpanExportResult.SUCCESS
            if failed and not self.failing:
                log.warning("traces.lost", detail="the OTLP endpoint does not take them")
            if self.failing and not failed:
                log.info("traces.sent", detail="the OTLP endpoint takes them again")
            self.failing = failed
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Telling()
