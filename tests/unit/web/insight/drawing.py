"""Records made by hand, for tests of the panel."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.template.loader import render_to_string

from gateway.aggregation.record import Record, step
from gateway.web.insight.waterfall import RowView, WaterfallView, present_waterfall
from tests.fakes import VirtualClock


@contextmanager
def request(clock: VirtualClock, budget_seconds: float = 0.8) -> Iterator[Record]:
    """A request that is being answered."""
    record = Record("a" * 32, True, clock.time() + budget_seconds, clock.time)
    root = record.begin("request", "GET", None)
    root.details["request_id"] = "asked-1"
    with root:
        yield record


def took(clock: VirtualClock, kind: str, name: str, seconds: float) -> None:
    """Let a step of so many seconds be done."""
    with step(kind, name):
        clock.advance(seconds)


def drawn(record: Record, *, for_staff: bool = True) -> tuple[WaterfallView, dict[str, RowView]]:
    """The panel, and its rows by their names."""
    view = present_waterfall(record, for_staff=for_staff)
    return view, {row.name: row for row in view.rows}


def markup(view: WaterfallView) -> str:
    """The panel as it is sent."""
    return render_to_string("web/_waterfall.html", {"it": view})
