"""Logging: one event, one line. JSON where a machine reads, words where a person does."""

import logging
import sys
from typing import Any

import structlog

from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import (
    BreakerClosed,
    BreakerOpened,
    CacheFailed,
    ContractDrifted,
    Event,
    FallbackServed,
    FragmentCrashed,
    SourceFailed,
    SwitchesFound,
    SwitchesLost,
)

log = structlog.get_logger("gateway")
# Local variables stay out of tracebacks: they hold what members typed, and what they are.
_without_locals = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(config: dict[str, Any]) -> None:
    """Send everything that is logged, ours and the libraries', through one formatter to stderr.

    ``config`` is Django's LOGGING setting: ``{"level": …}``. Line breaks in values are escaped by
    the formatter, so that nobody can write a line of his own.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    human = sys.stderr.isatty()
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if human
        else [_without_locals, structlog.processors.JSONRenderer()]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config["level"])
    # What Django says of a request stands in our own line on it; only a fault of ours says more.
    logging.getLogger("django.request").addFilter(_is_a_fault_of_ours)
    logging.getLogger("django.security").setLevel(logging.CRITICAL)
    for chatty in ("asyncio", "daphne", "twisted", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of every attempt to connect; what came of them is reported once for each source.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_a_fault_of_ours(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR and bool(record.exc_info)


def log_event(event: Event) -> None:  # noqa: C901 - one table, one line for each fact
    """Log what somebody may have to look at; what goes well is counted, not logged."""
    match event:
        case FallbackServed(_, "off") | SourceFailed(_, "off"):
            pass  # said once, when somebody switched it off
        case FallbackServed(source, reason, error):
            log.warning("fallback.served", source=source, reason=reason, detail=_detail(error))
        case SourceFailed(source, reason, _, error):
            log.warning("source.failed", source=source, reason=reason, detail=_detail(error))
        case CacheFailed(cache, operation, reason, error):
            log.warning(
                "cache.failed", source=cache, operation=operation, reason=reason, detail=str(error)
            )
        case BreakerOpened(upstream, cause, seconds):
            log.warning("breaker.opened", source=upstream, cause=cause, seconds=seconds)
        case BreakerClosed(upstream):
            log.info("breaker.closed", source=upstream)
        case SwitchesLost(reason, error):
            log.warning("switches.lost", reason=reason, detail=_detail(error))
        case SwitchesFound():
            log.info("switches.found")
        case ContractDrifted(source, field, kind, True):
            log.info("contract.drifted", source=source, field=field, kind=kind)
        case FragmentCrashed(plan, fragment, error):
            log.error("fragment.crashed", page=plan, fragment=fragment, exc_info=error)


_LOGGED = frozenset(
    (
        *(FallbackServed, SourceFailed, CacheFailed, BreakerOpened, BreakerClosed, SwitchesLost),
        *(SwitchesFound, ContractDrifted, FragmentCrashed),
    )
)
log_event.hears = _LOGGED.__contains__  # type: ignore[attr-defined]


def _detail(error: BaseException) -> str:
    return error.detail if isinstance(error, SourceError) else repr(error)
