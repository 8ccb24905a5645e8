"""The whole stack around one source, with all its parts at hand, for tests of the policies."""

from dataclasses import dataclass, field
from random import Random

from gateway.aggregation.breaker import Breaker, BreakerRules, BreakerState
from gateway.aggregation.budget import Budget
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.gate import Gate
from gateway.aggregation.latency import Latency
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.bulkhead import bulkhead
from gateway.aggregation.policies.circuit_breaker import circuit_breaker
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.fault_injection import fault_injection
from gateway.aggregation.policies.hedge import Hedging, hedge
from gateway.aggregation.policies.measure import measure
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.retry import retry
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.retrying import Retrying
from gateway.aggregation.source import Policy, Source, stack
from tests.fakes import Recorder

TIMEOUT_SECONDS = 0.4


def known(seconds: float = 0.05, tail_seconds: float = 0.1) -> Latency:
    """Return a latency that has seen enough calls: nine in ten took ``seconds``."""
    latency = Latency()
    for number in range(40):
        latency.add(tail_seconds if number % 10 == 0 else seconds)
    return latency


@dataclass
class Resilient:
    """A source within all policies but those of the cache, in the order of the stack.

    Any part may be replaced before ``source`` is called, and looked at afterwards.
    """

    inner: Source
    random: Random = field(default_factory=lambda: Random(20_261_120))
    told: Recorder = field(default_factory=Recorder)
    breaker_rules: BreakerRules = field(default_factory=BreakerRules)
    limit_rules: LimitRules = field(default_factory=LimitRules)
    timeout_seconds: float = TIMEOUT_SECONDS
    latency: Latency = field(default_factory=Latency)
    retry_budget: Budget = field(default_factory=Budget)
    hedge_budget: Budget = field(default_factory=lambda: Budget(0.05, 60.0, 0))
    fault: FaultRule | None = None

    def __post_init__(self) -> None:
        self.breaker = Breaker("promo", self.breaker_rules)
        self.gate = Gate("promo", self.limit_rules)

    def policies(self, *names: str) -> list[Policy]:
        """Return the policies of that name, in the order of the stack; all of them by default."""
        made: dict[str, Policy] = {
            "observe": observe("promo", self.told),
            "fallback": fallback("promo", "instead", self.told),
            "retry": retry(
                "promo",
                Retrying(
                    self.retry_budget,
                    self.latency,
                    self.random,
                    expected_seconds=self.timeout_seconds,
                ),
                self.told,
            ),
            "hedge": hedge("promo", Hedging(self.latency, self.hedge_budget), self.told),
            "measure": measure(self.latency),
            "circuit_breaker": circuit_breaker("promo", self.breaker, self.told),
            "bulkhead": bulkhead("promo", self.gate, self.told),
            "timeout": timeout("promo", self.timeout_seconds),
            "fault_injection": fault_injection("promo", lambda: self.fault, self.random, self.told),
        }
        assert set(names) <= set(made), f"no such policy among {names}"
        return [policy for name, policy in made.items() if not names or name in names]

    def source(self, *names: str) -> Source:
        """Return the source with the policies of that name around it; all of them by default."""
        return stack(self.inner, *self.policies(*names))

    def assert_nothing_is_held(self) -> None:
        """Fail if a slot, a place in the queue or the probe was not given back."""
        gate = self.gate.snapshot()
        assert (gate.running, gate.waiting) == (0, 0), gate
        if self.breaker.state is not BreakerState.OPEN:
            assert not self.breaker.snapshot(0.0).probing, "the probe was never given back"
