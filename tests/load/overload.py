"""``make overload``: five times as many visitors as the shop can serve, and what they get.

Measures how many whole pages in time one gateway gives at its best, then lets five times as many
visitors ask without a pause, then as many as before, and then twice as many come each second as can
be served. Ends with 1 where a bound does not hold. At last five times as many come each second:
one process is not equal to that, so it is shown and not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.speech import say
from tests.load.figures import Figures, back_after, figures, milliseconds, percentile
from tests.load.stage import OTHER_CORES, Stage, opened, run_command
from tests.load.visitors import Load, Seen, ask_for

FEW = (8, 16, 32)
"""Of these, the fewest visitors that keep the gateway busy are the measure."""

NEARLY = 0.9
TIMES = 5
FLOOD_TIMES = 2
FLOOD_CONNECTIONS = 1024

SHARE_BOUND = 0.7
CROWD_REFUSAL_SECONDS = 0.05
FLOOD_REFUSAL_SECONDS = 0.25
"""Of the median. In a flood most of the work is refusing, and each refusal waits for others."""

BACK_BOUND_SECONDS = 5.0
BACK_SHARE = 0.8
"""Of the peak: two seconds of one shop differ by more than a tenth anyway."""


@dataclass(frozen=True)
class Measured:
    """All that was measured; ``peak`` is in pages a second, ``back_seconds`` may be infinite."""

    peak: float
    visitors: int
    crowd: Figures
    flood: Figures
    back_seconds: float


def main() -> int:
    """Measure, print, judge."""
    say("Opening a shop of its own …")
    with opened() as stage:
        measured = measure(stage)
    broken = list(broken_bounds(measured))
    say("\n".join(f"MISSED: {each}." for each in broken) or "All bounds hold.")
    return 1 if broken else 0


def measure(stage: Stage) -> Measured:
    """Put the load on the shop, step by step, and print what each step gave."""
    ask_for(Load(stage.shop.gateway.port, FEW[0], 2.0), OTHER_CORES)
    say(
        f"{'':30} {'whole pages':>12} {'of the':>7} {'503s':>7} {'served, ms':>12} "
        f"{'refused, ms':>12} {'/livez, ms':>11} {'gateway':>8}\n"
        f"{'':30} {'in time /s':>12} {'peak':>7} {'/s':>7} {'p50 / p99':>12} "
        f"{'p50 / p99':>12} {'p50 / p99':>11} {'core':>8}"
    )
    few = {n: figures(_put(stage, f"{n} visitors", Load(_port(stage), n, 2.0))) for n in FEW}
    peak = max(each.goodput for each in few.values())
    visitors = next(n for n, each in few.items() if each.goodput >= NEARLY * peak)
    crowd_load = Load(_port(stage), TIMES * visitors, 8.0)
    crowd = _put(stage, f"{TIMES * visitors} visitors: {TIMES} times", crowd_load, peak)
    back = _put(stage, f"{visitors} visitors again", Load(_port(stage), visitors, 6.0), peak)
    flood_load = Load(_port(stage), FLOOD_CONNECTIONS, 5.0, rate=FLOOD_TIMES * peak)
    flood = _put(stage, f"{FLOOD_TIMES * peak:.0f} a second: twice", flood_load, peak)
    deluge_load = Load(_port(stage), FLOOD_CONNECTIONS, 5.0, rate=TIMES * peak)
    _put(stage, f"{TIMES * peak:.0f} a second, not judged", deluge_load, peak)
    back_seconds = back_after(back, BACK_SHARE * peak)
    say(f"\nBack to {BACK_SHARE:.0%} of the peak after {back_seconds:.1f} s.")
    return Measured(peak, visitors, figures(crowd), figures(flood), back_seconds)


def broken_bounds(measured: Measured) -> Iterator[str]:
    """Yield a sentence for each bound that does not hold."""
    crowd = measured.crowd
    if crowd.goodput < SHARE_BOUND * measured.peak:
        yield (
            f"at {TIMES} times the visitors {crowd.goodput / measured.peak:.0%} of the peak was "
            f"served well, and it should be {SHARE_BOUND:.0%} at least"
        )
    if measured.back_seconds > BACK_BOUND_SECONDS:
        yield f"the peak was not there again within {BACK_BOUND_SECONDS:.0f} s"
    yield from _broken_manners("crowd", crowd, CROWD_REFUSAL_SECONDS)
    yield from _broken_manners("flood", measured.flood, FLOOD_REFUSAL_SECONDS)


def _broken_manners(name: str, load: Figures, refusal_seconds: float) -> Iterator[str]:
    if load.waved_on != len(load.refused):
        yield f"{len(load.refused) - load.waved_on} refusals of the {name} lack a Retry-After"
    if load.refused and percentile(load.refused, 0.5) > refusal_seconds:
        yield f"half of the {name}'s refusals took more than {refusal_seconds * 1000:.0f} ms"
    if load.broken:
        yield f"{load.broken} visitors of the {name} got neither a page nor a 503"
    if load.livez_silent or not load.livez:
        yield f"/livez did not answer {load.livez_silent} times during the {name}"


def _put(stage: Stage, name: str, load: Load, peak: float | None = None) -> Seen:
    before = stage.cpu_seconds()
    seen = ask_for(load, OTHER_CORES)
    core = (stage.cpu_seconds() - before) / seen.seconds
    found = figures(seen)
    share = f"{found.goodput / peak:.0%}" if peak else ""
    say(
        f"{name:30} {found.goodput:12.0f} {share:>7} {len(found.refused) / seen.seconds:7.0f} "
        f"{milliseconds(found.served):>12} {milliseconds(found.refused):>12} "
        f"{milliseconds(found.livez):>11} {core:8.0%}",
    )
    amiss = {
        "incomplete": found.incomplete,
        "late": found.late,
        "without an answer": found.broken,
        "without a connection": found.lost,
    }
    if any(amiss.values()):
        say(f"{'':30} of the rest: " + ", ".join(f"{n} {word}" for word, n in amiss.items() if n))
    return seen


def _port(stage: Stage) -> int:
    return stage.shop.gateway.port


if __name__ == "__main__":
    run_command(main)
