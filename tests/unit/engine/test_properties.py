"""Properties of the whole stack, whatever visitors, sources and the loop do, and in whatever order.

Each example is a little traffic on a virtual clock: calls come at any time with any deadline, the
source takes any time and fails in any way, and tabs are closed at any moment: after any delay and
then after any number of turns of the loop, so that a cancellation meets every ``await`` there is.
"""

import asyncio
import copy
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.aggregation.breaker import Breaker, BreakerRules, BreakerState, Permit
from gateway.aggregation.errors import BadStatus, SourceBusy, SourceRefused
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.source import Call, Reply, Source
from tests.fakes import VirtualClock
from tests.unit.engine.pages import call_in
from tests.unit.engine.resilience import Resilient, known

RULES = BreakerRules(minimum_calls=3, most_calls=6, open_seconds=0.2, most_open_seconds=0.4)
NARROW = LimitRules(start=2, least=1, most=3, most_waiting=2, round_calls=2)


@dataclass(frozen=True)
class Visit:
    """One call: when it comes, what it gets, and when its caller goes away, if ever."""

    after_seconds: float
    left_seconds: float
    closed_after_seconds: float | None
    closed_after_turns: int


@dataclass(frozen=True)
class Behaviour:
    """What the source does with one call."""

    seconds: float
    error: str | None


def seconds(most: float) -> st.SearchStrategy[float]:
    """Return times that often fall on the same instant, where the order is most delicate."""
    return st.integers(0, int(most * 20)).map(lambda steps: steps / 20)


VISITS = st.lists(
    st.builds(
        Visit, seconds(0.3), seconds(1.0), st.one_of(st.none(), seconds(0.8)), st.integers(0, 11)
    ),
    min_size=1,
    max_size=25,
)
BEHAVIOURS = st.lists(
    st.builds(
        Behaviour,
        st.one_of(st.just(0.0), seconds(0.6)),
        st.sampled_from([None, None, "refused", "overloaded", "busy", "bug"]),
    ),
    min_size=1,
    max_size=12,
)
SEEDS = st.integers(0, 1000)


@dataclass
class Moody:
    """A source that behaves as it is told, call by call, over and over again."""

    behaviours: list[Behaviour]
    running: int = 0
    most_running: int = 0
    left_seconds: list[float] = field(default_factory=list)

    async def __call__(self, call: Call) -> Reply:
        behaviour = self.behaviours[len(self.left_seconds) % len(self.behaviours)]
        self.left_seconds.append(call.deadline.at - call.deadline.clock())
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(behaviour.seconds)
        finally:
            self.running -= 1
        return _end(behaviour.error)


def _end(error: str | None) -> Reply:
    match error:
        case "refused":
            raise SourceRefused("promo")
        case "overloaded":
            raise BadStatus("promo", 503, 0.1)
        case "busy":
            raise SourceBusy("promo")
        case "bug":
            raise ZeroDivisionError("ours")
    return Reply("answer")


async def _visit(source: Source, visit: Visit, clock: VirtualClock) -> float:
    """Make the call; return how many seconds past its deadline it ended."""
    call = call_in(clock, visit.left_seconds)
    task = asyncio.ensure_future(source(call))
    if visit.closed_after_seconds is not None:
        await asyncio.wait({task}, timeout=visit.closed_after_seconds)
        for _ in range(visit.closed_after_turns):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return clock.time() - call.deadline.at


async def _traffic(source: Source, visits: list[Visit], clock: VirtualClock) -> list[float]:
    """Make all visits; return when nothing of them runs any more."""
    running = []
    for visit in visits:
        await asyncio.sleep(visit.after_seconds)
        running.append(asyncio.ensure_future(_visit(source, visit, clock)))
    late = await asyncio.gather(*running)
    await asyncio.sleep(0.001)  # what was given up has a moment to end
    return late


@dataclass
class Aftermath:
    """What there is to look at when the traffic is over."""

    parts: Resilient
    inner: Moody
    late: list[float]
    tasks_left: int


def played(visits: list[Visit], behaviours: list[Behaviour], seed: int) -> Aftermath:
    """Play the example through the whole stack, except the fallback, which would hide errors."""
    clock, inner = VirtualClock(), Moody(behaviours)
    parts = Resilient(
        inner,
        random=Random(seed),
        breaker_rules=RULES,
        limit_rules=NARROW,
        latency=known(0.05, 0.1),
    )
    for _ in range(100):
        parts.hedge_budget.count(clock.time())

    async def story() -> Aftermath:
        source = parts.source(
            "observe", "retry", "hedge", "measure", "circuit_breaker", "bulkhead", "timeout"
        )
        late = await _traffic(source, visits, clock)
        return Aftermath(parts, inner, late, len(asyncio.all_tasks()) - 1)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(story())


@settings(max_examples=300, deadline=None)
@given(VISITS, BEHAVIOURS, SEEDS)
def test_no_interleaving_of_cancellations_leaks_a_permit_a_slot_a_waiter_or_a_task(
    visits: list[Visit], behaviours: list[Behaviour], seed: int
) -> None:
    after = played(visits, behaviours, seed)
    after.parts.assert_nothing_is_held()
    assert after.inner.running == 0
    assert after.tasks_left == 0


@settings(max_examples=200, deadline=None)
@given(VISITS, BEHAVIOURS, SEEDS)
def test_no_upstream_ever_gets_a_time_left_that_is_none(
    visits: list[Visit], behaviours: list[Behaviour], seed: int
) -> None:
    after = played(visits, behaviours, seed)
    assert all(left > 0 for left in after.inner.left_seconds)
    assert all(late <= 1e-9 for late in after.late), "and nobody waits past his deadline"


@settings(max_examples=200, deadline=None)
@given(VISITS, BEHAVIOURS, SEEDS)
def test_the_sum_of_attempts_stays_in_the_budgets(
    visits: list[Visit], behaviours: list[Behaviour], seed: int
) -> None:
    """Three retries in ten seconds, whatever happens, and one hedge for twenty calls.

    The hundred calls that were made before are five hedges' worth.
    """
    after = played(visits, behaviours, seed)
    windows = 1 + sum(visit.after_seconds for visit in visits) // 10
    retries = 3 * windows
    hedges = (100 + len(visits) + retries) // 20
    assert len(after.inner.left_seconds) <= len(visits) + retries + hedges


@settings(max_examples=200, deadline=None)
@given(VISITS, BEHAVIOURS, SEEDS)
def test_no_more_calls_run_at_once_than_the_highest_limit(
    visits: list[Visit], behaviours: list[Behaviour], seed: int
) -> None:
    after = played(visits, behaviours, seed)
    # A call that timed out is given up, and has a turn of the loop to end in.
    assert after.inner.most_running <= NARROW.most * 2
    assert NARROW.least <= after.parts.gate.limit <= NARROW.most


class Probing(RuleBasedStateMachine):
    """A breaker that callers ask, succeed with, fail with and go away from, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker("promo", RULES)
        self.now = 1000.0
        self.held: list[Permit] = []
        self.probe: Permit | None = None

    @rule(steps=st.integers(0, 10))
    def time_passes(self, steps: int) -> None:
        """Let up to half a second pass: the breaker may have been open for long enough."""
        self.now += steps / 20

    @rule()
    def somebody_asks(self) -> None:
        """While it is half-open, nobody may pass beside a probe that is under way."""
        permit = self.breaker.acquire(self.now)
        if permit is None:
            return
        if self.breaker.state is BreakerState.HALF_OPEN:
            assert self.probe is None, "a second probe"
            self.probe = permit
        self.held.append(permit)

    @precondition(lambda self: self.held)
    @rule(number=st.integers(0), end=st.sampled_from(["succeed", "fail", "fail", "release"]))
    def a_call_ends(self, number: int, end: str) -> None:
        """Any of those under way, the probe or one from long before."""
        permit = self.held.pop(number % len(self.held))
        if permit is self.probe:
            self.probe = None
        if end == "release":
            permit.release(self.now)
        else:
            getattr(permit, end)(self.now, 0.1)

    @invariant()
    def the_breaker_knows_whether_it_probes(self) -> None:
        """It never waits for a probe that nobody makes: it would refuse everybody for good."""
        assert self.breaker.snapshot(self.now).probing == (self.probe is not None)

    @precondition(lambda self: not self.held)
    @invariant()
    def it_is_never_stuck(self) -> None:
        """Where nothing is under way, somebody passes after the longest open time."""
        later = self.now + RULES.most_open_seconds
        permit = copy.deepcopy(self.breaker).acquire(later)
        assert permit is not None


TestHalfOpenAdmitsOneProbeWhateverTheInterleaving = Probing.TestCase
Probing.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=2, max_size=30))
def test_half_open_admits_one_probe_whenever_tabs_are_closed(turns: list[int]) -> None:
    """Callers come while it is half-open, and go away after any number of turns of the loop."""
    clock, inner = VirtualClock(), Moody([Behaviour(0.0, "refused")])
    parts = Resilient(inner, breaker_rules=RULES)
    source = parts.source("circuit_breaker", "bulkhead", "timeout")

    async def story() -> None:
        for _ in range(RULES.minimum_calls):
            await asyncio.gather(source(call_in(clock)), return_exceptions=True)
        await asyncio.sleep(RULES.open_seconds)
        inner.behaviours, inner.most_running = [Behaviour(0.1, None)], 0
        visits = [Visit(0.0, 1.0, 0.0, number) for number in turns]
        await _traffic(source, visits, clock)
        assert inner.most_running <= 1
        if parts.breaker.state is BreakerState.HALF_OPEN:
            assert (await source(call_in(clock))).value == "answer"
        parts.assert_nothing_is_held()

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(story())


def test_the_examples_reach_every_policy() -> None:
    """Properties that nothing can break would prove nothing: here is all that they must bear."""
    random, seen = Random(1), set[str]()
    for seed in range(60):
        visits = [
            Visit(
                random.choice([0.0, 0.05, 0.3]),
                0.8,
                random.choice([None, 0.1]),
                random.randrange(9),
            )
            for _ in range(20)
        ]
        moods = [
            Behaviour(random.choice([0.0, 0.1, 0.3, 0.6]), random.choice([None, "refused"]))
            for _ in range(8)
        ]
        seen |= set(played(visits, moods, seed).parts.told.kinds)
    assert seen >= {
        *("BreakerOpened", "BreakerHalfOpened", "BreakerClosed", "BreakerRefused"),
        *("BulkheadRefused", "BulkheadWaited", "LimitChanged"),
        *("CallRetried", "RetryRefused", "CallHedged", "HedgeWon", "HedgeRefused"),
        *("SourceReplied", "SourceFailed", "SourceAbandoned"),
    }
