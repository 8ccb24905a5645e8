"""``make overload``: five times as many visitors as the shop can serve, and what they get.

Measures how many whole pages in time one gateway gives at its best. Then five times as many
visitors ask without a pause, and then five times as many come each second as can be served, whether
the others were answered or not; after each, as few as at first. All of it with connections that are
kept and with a new one for each visitor, with caches and without. Ends with 1 where a bound does
not hold. Where the process that plays the visitors is the limit, share and times are its own, and
are not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.speech import say
from tests.load.figures import Figures, back_after, figures, milliseconds, percentile
from tests.load.stage import OTHER_CORES, Stage, opened, run_command
from tests.load.visitors import Load, Seen, ask_for

FEW = (16, 32)
"""Of these, the fewest visitors that keep the gateway busy are the measure."""

NEARLY = 0.9
TIMES = 5
FLOOD_CONNECTIONS = 2048

SHARE_BOUND = 0.7
REFUSAL_SECONDS = 0.05
"""Of the median; the 99th percentile is shown. There are pages being made on the same core."""

BACK_BOUND_SECONDS = 5.0
BACK_SHARE = 0.9

FULL_CORE = 0.9
LAG_SECONDS = 0.05

WORLDS = {
    "caches on": {},
    "caches off": {"PROMO_FRESH_SECONDS": "0", "RECCO_FRESH_SECONDS": "0"},
}
WAYS = {"kept connections": False, "new connections": True}


@dataclass(frozen=True)
class Trial:
    """One load past what can be served; ``peak`` in pages a second; ``back`` may be infinite.

    ``limited`` says that the visitors were the limit.
    """

    name: str
    peak: float
    load: Figures
    back_seconds: float
    limited: bool


def main() -> int:
    """Measure, print, judge."""
    trials: list[Trial] = []
    for world, environment in WORLDS.items():
        say(f"\nOpening a shop of its own, {world} …")
        with opened(**environment) as stage:
            for way, anew in WAYS.items():
                trials += measure(stage, f"{world}, {way}", anew)
    broken = [each for trial in trials for each in broken_bounds(trial)]
    say("")
    for trial in trials:
        if trial.limited:
            say(f"Not judged by share and times: {trial.name}. The visitors were the limit.")
    say("\n".join(f"MISSED: {each}." for each in broken) or "All bounds hold.")
    return 1 if broken else 0


def measure(stage: Stage, name: str, anew: bool) -> Iterator[Trial]:
    """Put the loads of one way to come on the shop, print what each gave, and yield the trials."""
    port = stage.shop.gateway.port
    ask_for(Load(port, FEW[0], 2.0, anew=anew), OTHER_CORES)
    say(
        f"\n{name:30} {'whole pages':>12} {'of the':>7} {'503s':>7} {'served, ms':>12} "
        f"{'refused, ms':>12} {'/livez, ms':>12} {'/ops/, ms':>12} {'gateway':>8}\n"
        f"{'':30} {'in time /s':>12} {'peak':>7} {'/s':>7} {'p50 / p99':>12} "
        f"{'p50 / p99':>12} {'p50 / p99':>12} {'p50 / p99':>12} {'core':>8}"
    )
    few = {n: _put(stage, f"{n} visitors", Load(port, n, 3.0, anew=anew)) for n in FEW}
    goodput = {n: figures(seen).goodput for n, seen in few.items()}
    peak = max(goodput.values())
    visitors = next(n for n, each in goodput.items() if each >= NEARLY * peak)
    most = max(goodput, key=goodput.__getitem__)
    before = Load(port, most, BACK_BOUND_SECONDS + 1.0, anew=anew)
    loads = {
        f"{TIMES * visitors} visitors: {TIMES} times": Load(port, TIMES * visitors, 6.0, anew=anew),
        f"{TIMES * peak:.0f} a second: {TIMES} times": Load(
            port, FLOOD_CONNECTIONS, 6.0, rate=TIMES * peak, anew=anew
        ),
    }
    for title, load in loads.items():
        seen = _put(stage, title, load, peak)
        back = _put(stage, f"{most} visitors again", before, peak)
        back_seconds = back_after(back, BACK_SHARE * peak)
        say(f"{'':30} back to {BACK_SHARE:.0%} of the peak after {back_seconds:.1f} s")
        limited = _visitors_were_the_limit(seen)
        yield Trial(f"{name}, {title}", peak, figures(seen), back_seconds, limited)


def broken_bounds(trial: Trial) -> Iterator[str]:
    """Yield a sentence for each bound that does not hold."""
    load = trial.load
    if not trial.limited and load.goodput < SHARE_BOUND * trial.peak:
        yield (
            f"{trial.name}: {load.goodput / trial.peak:.0%} of the peak was served well, and it "
            f"should be {SHARE_BOUND:.0%} at least"
        )
    if trial.back_seconds > BACK_BOUND_SECONDS:
        yield f"{trial.name}: the peak was not there again within {BACK_BOUND_SECONDS:.0f} s"
    median = percentile(load.refused, 0.5)
    if not trial.limited and median > REFUSAL_SECONDS:
        yield (
            f"{trial.name}: half of the refusals took {median * 1000:.0f} ms or more, and it "
            f"should be {REFUSAL_SECONDS * 1000:.0f} at most"
        )
    for sentence in _broken_manners(load):
        yield f"{trial.name}: {sentence}"


def _broken_manners(load: Figures) -> Iterator[str]:
    if load.waved_on != len(load.refused):
        yield f"{len(load.refused) - load.waved_on} refusals lack a Retry-After"
    if load.broken:
        yield f"{load.broken} visitors got neither a page nor a 503"
    for path, found, silent in (
        ("/livez", load.livez, load.livez_silent),
        ("/ops/", load.ops, load.ops_silent),
    ):
        if silent or not found:
            yield f"{path} did not answer as it should {silent} times of {len(found)}"


def _put(stage: Stage, name: str, load: Load, peak: float | None = None) -> Seen:
    before = stage.cpu_seconds()
    seen = ask_for(load, OTHER_CORES)
    core = (stage.cpu_seconds() - before) / seen.seconds
    found = figures(seen)
    share = f"{found.goodput / peak:.0%}" if peak else ""
    say(
        f"{name:30} {found.goodput:12.0f} {share:>7} {len(found.refused) / seen.seconds:7.0f} "
        f"{milliseconds(found.served):>12} {milliseconds(found.refused):>12} "
        f"{milliseconds(found.livez):>12} {milliseconds(found.ops):>12} {core:8.0%}",
    )
    for remark in _remarks(seen, found, core):
        say(f"{'':30} {remark}")
    return seen


def _remarks(seen: Seen, found: Figures, core: float) -> Iterator[str]:
    """Yield what a reader must know to trust the line, or not to."""
    amiss = {
        "incomplete": found.incomplete,
        "late": found.late,
        "without an answer": found.broken,
        "without a connection": found.lost,
    }
    if any(amiss.values()):
        yield "of the rest: " + ", ".join(f"{n} {word}" for word, n in amiss.items() if n)
    if core < FULL_CORE:
        yield f"the gateway had {core:.0%} of its core: others work on this machine"
    if _visitors_were_the_limit(seen):
        yield (
            f"the visitors themselves were the limit: {seen.core:.0%} of a core, "
            f"sent {_lag(seen) * 1000:.0f} ms late"
        )


def _visitors_were_the_limit(seen: Seen) -> bool:
    return seen.core > FULL_CORE or _lag(seen) > LAG_SECONDS


def _lag(seen: Seen) -> float:
    return percentile(seen.lags, 0.99) if seen.lags else 0.0


if __name__ == "__main__":
    run_command(main)
