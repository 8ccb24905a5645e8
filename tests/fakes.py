"""Stand-ins that tests are made of: a clock, a source, a cache and a listener, all obedient.

clock = VirtualClock()
with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
    runner.run(asyncio.sleep(3600))  # over at once, and clock.time() is an hour later
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gateway.aggregation.cache import Entry
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.events import Event
from gateway.aggregation.source import Call, Reply

T = TypeVar("T")

FOREVER = math.inf
"""As a delay: this never answers by itself."""

_MOST_TURNS_AT_ONE_INSTANT = 100_000


class StuckLoopError(RuntimeError):
    """The tasks of the test wait for what cannot happen any more, or spin and get nowhere."""


class VirtualClock:
    """A clock that stands still while anything runs, and jumps when everything waits.

    ``time`` is the monotonic clock (seconds), ``wall`` the clock on the wall (seconds since 1970);
    both move together, until ``wall_offset`` is changed: that is how a test sets a wall clock.
    """

    def __init__(self, start: float = 1000.0, wall_offset: float = 1_795_000_000.0) -> None:
        self._now = start
        self.wall_offset = wall_offset

    def time(self) -> float:
        """Return the monotonic time in seconds; pass this method where a ``Clock`` is wanted."""
        return self._now

    def wall(self) -> float:
        """Return the wall-clock time in seconds; pass this where a ``WallClock`` is wanted."""
        return self._now + self.wall_offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once, as code that blocks the loop would."""
        self._now += seconds

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop that lives by this clock and jumps to its next timer when all tasks wait.

        It raises ``StuckLoopError`` where a usual loop would wait, or spin, for ever.
        """
        return _VirtualLoop(self)


class _JumpingSelector(selectors.DefaultSelector):
    """Lets virtual time pass instead of waiting, unless a thread is at work for the loop."""

    def __init__(self, clock: VirtualClock, thread_patience_seconds: float = 10.0) -> None:
        super().__init__()
        self._clock = clock
        self._thread_patience_seconds = thread_patience_seconds
        self.threads_at_work = 0
        self._turns_at_this_instant = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # The loop wakes itself over a socket for call_soon_threadsafe: look there before jumping.
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            self._count_a_turn()
            return ready
        if self.threads_at_work:
            return self._wait_for_a_thread()
        if timeout is None:
            raise StuckLoopError("every task waits and no timer is set: this would hang for ever")
        self._turns_at_this_instant = 0
        self._clock.advance(timeout)
        return []

    def _count_a_turn(self) -> None:
        """Tell a loop that spins from one that is busy: no test needs so many turns at once."""
        self._turns_at_this_instant += 1
        if self._turns_at_this_instant > _MOST_TURNS_AT_ONE_INSTANT:
            self._turns_at_this_instant = 0
            raise StuckLoopError("tasks wake each other for ever and no time passes")

    def _wait_for_a_thread(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for real: threads do not live by the virtual clock."""
        ready = super().select(self._thread_patience_seconds)
        if not ready:
            raise StuckLoopError("a thread that the loop waits for does not come back")
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        self._jumping = _JumpingSelector(clock)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._virtual.time()

    def run_in_executor(  # type: ignore[override]  # the stubs' overloads differ by version
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads_at_work += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: "asyncio.Future[Any]") -> None:
        self._jumping.threads_at_work -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """End the threads in real time: their time limit must not be jumped to."""
        with self._a_thread_at_work():
            await super().shutdown_default_executor()

    @contextmanager
    def _a_thread_at_work(self) -> Iterator[None]:
        self._jumping.threads_at_work += 1
        try:
            yield
        finally:
            self._jumping.threads_at_work -= 1


@dataclass
class FakeSource:
    """A source that answers ``answer``, or raises ``raises``, after ``delay_seconds``.

    ``answer`` is passed on as it is when it is a ``Reply``, else as the value of a live one. A
    ``stubborn`` source notes that it is cancelled and goes on as if nothing had been said. All of
    these may be changed between calls.
    """

    answer: Any = "answer"
    delay_seconds: float = 0.0
    raises: BaseException | None = None
    stubborn: bool = False

    calls: list[Call] = field(default_factory=list, init=False)
    """Each call that was made, in order."""
    cancellations: int = field(default=0, init=False)
    """How often a call was told to stop."""
    ended: int = field(default=0, init=False)
    """How many calls came to their own end, by answer or by error."""

    def __post_init__(self) -> None:
        if self.stubborn and self.delay_seconds == FOREVER:
            raise ValueError("a stubborn source needs an end, or the test would have none")

    @property
    def cancelled(self) -> bool:
        """Whether any call was told to stop."""
        return self.cancellations > 0

    @property
    def deadlines(self) -> list[Deadline]:
        """The deadline of each call."""
        return [call.deadline for call in self.calls]

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        await self._delay()
        self.ended += 1
        if self.raises is not None:
            raise self.raises
        return self.answer if isinstance(self.answer, Reply) else Reply(self.answer)

    async def _delay(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.delay_seconds
        while (left := until - loop.time()) > 0:
            try:
                await _pause(left)
            except asyncio.CancelledError:
                self.cancellations += 1
                if not self.stubborn:
                    raise


@dataclass
class MemoryFake:
    """A cache in a dictionary. A ``failing`` one is an empty one: it gives and keeps nothing.

    The delays are in seconds; ``FOREVER`` hangs. ``gets`` and ``puts`` list the keys asked for.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    failing: bool = False
    get_delay_seconds: float = 0.0
    put_delay_seconds: float = 0.0
    gets: list[str] = field(default_factory=list, init=False)
    puts: list[str] = field(default_factory=list, init=False)

    async def get(self, key: str) -> Entry | None:
        """Return what lies under ``key``, expired or not: to judge that is not a cache's work."""
        self.gets.append(key)
        await _pause(self.get_delay_seconds)
        return None if self.failing else self.entries.get(key)

    def at_once(self, key: str) -> Entry | None:
        """Return the same without waiting, where no wait was asked for."""
        if self.failing or self.get_delay_seconds:
            return None
        return self.entries.get(key)

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` under ``key``."""
        self.puts.append(key)
        await _pause(self.put_delay_seconds)
        if not self.failing:
            self.entries[key] = entry


@dataclass
class Recorder:
    """A listener that keeps all that it is told, in order."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        """The name of each event's class, in order."""
        return [type(event).__name__ for event in self.events]


async def _pause(seconds: float) -> None:
    if seconds == FOREVER:
        # A timer at infinity would let the clock run on for ever; without one the loop can tell.
        await asyncio.get_running_loop().create_future()
    elif seconds > 0:
        await asyncio.sleep(seconds)
