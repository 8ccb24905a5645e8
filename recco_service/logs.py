"""Logging for the process: one event is one JSON line on standard output."""

import json
import logging
import sys

_FIELDS = ("request_id", "trace_id", "method", "path", "status", "milliseconds", "host", "port")


class JsonLines(logging.Formatter):
    """Every record as one line of ASCII JSON, so that no input can begin a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update((f, getattr(record, f)) for f in _FIELDS if hasattr(record, f))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(level: str) -> None:
    """Send all records of ``level`` (an upper-case name such as ``INFO``) and above to stdout."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
