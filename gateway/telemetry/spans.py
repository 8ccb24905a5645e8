"""From a record to spans: the same steps, with the names and attributes that OpenTelemetry knows.

Nothing of a visitor goes into them: no path, no query, no value of a statement. What a path was is
told by its route, and what was asked of Postgres by SQL with its placeholders.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event as SpanEvent
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from gateway.aggregation.events import Event
from gateway.aggregation.record import Moment, Record, Step, settled

_KINDS = {"request": SpanKind.SERVER, "http": SpanKind.CLIENT, "sql": SpanKind.CLIENT}
_KINDS |= {"redis": SpanKind.CLIENT}
_SYSTEMS = {"sql": "postgresql", "redis": "redis"}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("gateway")
_WELL = Status(StatusCode.UNSET)
_NANOSECONDS = 1_000_000_000
_SIMPLE = (str, bool, int, float)


class SpanMaker:
    """Makes spans of records. Each has the id that its step had, for others know it by that.

    They are made whole, when all is over, and not begun and ended through a tracer: that takes
    six times as long, which every page that is traced would pay for.
    """

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False
        )
        self.sampler = provider.sampler
        """The one that OTEL_TRACES_SAMPLER names."""
        self.processor = processor
        self._resource = provider.resource

    def make(self, record: Record) -> None:
        """Hand on a span for each step of ``record``."""
        over = max((step.ended or step.began for step in record.steps), default=0.0)
        for step in record.steps:
            parent = step.within.id if step.within else step.details.get("parent", "")
            self.processor.on_end(
                ReadableSpan(
                    _name(step),
                    _context(record.trace_id, step.id),
                    _context(record.trace_id, parent) if parent else None,
                    self._resource,
                    _attributes(step),
                    [_event(record, moment) for moment in step.moments],
                    kind=_KINDS.get(step.kind, SpanKind.INTERNAL),
                    status=Status(StatusCode.ERROR, step.reason) if step.reason else _WELL,
                    start_time=_at(record, step.began),
                    end_time=_at(record, step.ended if step.ended is not None else over),
                    instrumentation_scope=_SCOPE,
                )
            )


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED)


def _event(record: Record, moment: Moment) -> SpanEvent:
    at = _at(record, moment.at)
    if isinstance(moment.what, str):
        return SpanEvent(moment.what, timestamp=at)
    return SpanEvent(type(moment.what).__name__, _told(moment.what), at)


def context_of(trace_id: str, span_id: str, *, sampled: bool) -> Context:
    """Return the context of a span that is not here; an empty one without a ``span_id``."""
    if not span_id:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    known = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(known), Context())


def _at(record: Record, instant: float) -> int:
    """Return an instant of the record's clock as nanoseconds since 1970."""
    return int((record.wall_offset + instant) * _NANOSECONDS)


def _name(step: Step) -> str:
    if step.kind == "request":
        return " ".join(filter(None, (step.name, step.details.get("route"))))
    if step.kind == "http":
        return f"GET {step.name}"
    return f"{step.kind} {step.name}"


def _attributes(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"step.kind": step.kind, "step.name": step.name}
    if step.kind == "request":
        told |= _of_request(step)
    if step.kind == "http":
        told["http.request.method"] = "GET"
    if step.kind in _SYSTEMS:
        told["db.system.name"] = _SYSTEMS[step.kind]
    if "sql" in step.details:
        told["db.query.text"] = step.details["sql"]
    if step.reason:
        told["error.type"] = step.reason
    if (end := settled(step)) is not None:
        told |= {"fragment.state": end.state, "fragment.reason": end.reason or ""}
    return told


def _of_request(step: Step) -> dict[str, Any]:
    details = step.details
    told: dict[str, Any] = {
        "http.request.method": step.name,
        "request.id": details.get("request_id", ""),
    }
    if "route" in details:
        told["http.route"] = details["route"]
    if "status" in details:
        told["http.response.status_code"] = int(details["status"])
    return told


def _told(event: Event) -> Mapping[str, Any]:
    """Return what an event says in words and numbers; what an error says may be anything."""
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    return {name: value for name, value in values.items() if isinstance(value, _SIMPLE)}
