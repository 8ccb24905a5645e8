import dataclasses
import typing

import pytest

from gateway.aggregation import events
from gateway.aggregation.events import CacheMissed, Event, PageComposed, all_of, nobody
from tests.fakes import Recorder

EVENT = CacheMissed("promo")


def broken(event: Event) -> None:
    raise RuntimeError("this listener is broken")


def test_all_of_tells_each_listener_in_order() -> None:
    told: list[str] = []
    all_of(lambda _: told.append("first"), lambda _: told.append("second"))(EVENT)
    assert told == ["first", "second"]


def test_all_of_nobody_is_quiet() -> None:
    assert all_of()(EVENT) is None
    assert nobody(EVENT) is None


def test_a_listener_that_raises_is_reported_and_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder()
    all_of(broken, recorder)(EVENT)
    assert recorder.events == [EVENT]
    [record] = caplog.records
    assert record.message == "listener.failed"
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError


def test_a_listener_may_not_swallow_the_end_of_the_process() -> None:
    def ending(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        all_of(ending)(EVENT)


@pytest.mark.parametrize("kind", typing.get_args(Event))
def test_every_event_is_a_frozen_fact(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_every_event_class_belongs_to_the_union() -> None:
    """A listener that matches over the union must not meet a stranger."""
    written = {kind for _, kind in vars(events).items() if dataclasses.is_dataclass(kind)}
    assert written == set(typing.get_args(Event))


def test_an_event_cannot_be_changed_by_a_listener() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PageComposed("home", True, 0.1).complete = False  # type: ignore[misc]
