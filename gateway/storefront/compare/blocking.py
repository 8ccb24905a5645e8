"""The first strategy: a view as it was written before, which blocks its thread at every step."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
from django.conf import settings

from gateway.aggregation.compose import Declared, Fragment
from gateway.aggregation.deadline import Clock, Deadline
from gateway.aggregation.errors import (
    FaultInjected,
    SourceCancelled,
    SourceCrashed,
    SourceError,
    SourceOff,
    SourceTimeout,
)
from gateway.aggregation.faults import FaultRule, draw
from gateway.aggregation.source import Call
from gateway.sources.blocking import Asking, ask_postgres, ask_service, blocking_transport
from gateway.sources.http import Endpoint
from gateway.sources.orm import Query
from gateway.storefront.compare.results import Step

Transport = Any


@dataclass
class BlockingView:
    """Asks for ``fragments`` one after another; ``run`` belongs into a thread.

    ``faults`` are those that are switched on, by the sources' names, so that all strategies suffer
    from the same; so are ``timeouts``, in seconds, and the sources that are ``off``. Once
    ``given_up`` is set it stops as soon as it notices.
    """

    fragments: Sequence[Fragment]
    call: Call
    delay_seconds: float
    faults: Mapping[str, FaultRule]
    timeouts: Mapping[str, float] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    steps: list[Step] = field(default_factory=list)
    given_up: threading.Event = field(default_factory=threading.Event)
    running: bool = False

    def run(self) -> None:
        """Ask one source after another, and note each step. It raises nothing of a source."""
        self.running = True
        try:
            self._ask_all(self.call.deadline.clock)
        finally:
            self.running = False

    def _ask_all(self, clock: Clock) -> None:
        began = clock()
        with blocking_transport() as transport:
            for fragment in self.fragments:
                if self.given_up.is_set():
                    return
                started, reason = clock(), ""
                try:
                    self._ask(transport, fragment.source)
                except SourceError as error:
                    reason = error.reason
                self.steps.append(Step(fragment.name, started - began, clock() - started, reason))

    def _ask(self, transport: Transport, declared: Declared) -> Any:
        """Ask one source, within the time that it has in the other strategies as well."""
        if self.given_up.wait(self.delay_seconds):
            raise SourceCancelled(declared.name)
        if declared.name in self.off:
            raise SourceOff(declared.name)
        if not isinstance(declared, Endpoint | Query):
            raise SourceCrashed(declared.name, "nobody knows how to ask it in this way")
        if declared.needs is not None and self.call.args.get(declared.needs) is None:
            return None if declared.fallback is msgspec.UNSET else declared.fallback
        seconds = self.timeouts.get(declared.name, getattr(settings, declared.timeout))
        deadline = self.call.deadline.within(seconds)
        self._suffer(declared.name, deadline)
        asking = Asking(self.call.args, deadline, self.call.baggage, self.given_up)
        if isinstance(declared, Query):
            return ask_postgres(declared, asking)
        address = getattr(settings, declared.service)
        return ask_service(transport, declared, address, asking)

    def _suffer(self, name: str, deadline: Deadline) -> None:
        """Do to the call what is switched on for its source."""
        rule = self.faults.get(name)
        if rule is None:
            return
        fault = draw(rule, Random())  # noqa: S311 - no secret
        if self.given_up.wait(min(fault.delay_seconds, deadline.remaining())):
            raise SourceCancelled(name)
        if fault.aborts:
            raise FaultInjected(name)
        if deadline.expired:
            raise SourceTimeout(name)
