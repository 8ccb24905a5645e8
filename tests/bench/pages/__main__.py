"""``make bench``: pages by our gateway and by its peers, side by side, as tables in Markdown.

``--quick`` takes three minutes instead of ten. ``--only tailor,ours`` measures those whose names
have one of the words in them, ``--measures speed,latency,first-byte`` some of the measures.
``--json FILE`` keeps all rounds.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import uvloop

from tests.bench.pages import replies, report
from tests.bench.pages.contenders import Contender, everybody
from tests.bench.pages.crew import Crew
from tests.bench.pages.ground import Ground, Upstreams, fast, slow
from tests.bench.pages.machine import LOAD_CORES, SERVER_CORES, machine, on
from tests.bench.pages.measures import (
    FULL,
    QUICK,
    SLEEP_SECONDS,
    SOURCE_SECONDS,
    Measured,
    Pace,
    measure_first_byte,
    measure_latency,
    measure_speed,
)
from tests.bench.pages.patience import AS_SERVED, patient
from tests.bench.pages.running import LeftOut, Running, needs
from tests.load.stage import opened, run_command

Measure = Callable[[Ground, Sequence[Contender], Pace, Measured], None]


def main() -> int:
    """Measure, print, keep."""
    told = _arguments()
    if not SERVER_CORES:
        print("This machine has one core alone: servers and load would share it.", file=sys.stderr)
        return 1
    try:
        needs("wrk")
    except LeftOut as error:
        print(f"{error} On Debian: apt install wrk nginx varnish npm.", file=sys.stderr)
        return 1
    known = machine()
    measured = measure(told.only, told.measures, QUICK if told.quick else FULL)
    print("\n\n".join([report.heading(known), *report.sections(measured)]))
    if told.json:
        found = report.raw(known, measured)
        told.json.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return 0


def measure(words: Sequence[str], names: Sequence[str], pace: Pace) -> Measured:
    """Open a shop, and measure those whose names have one of ``words`` in them."""
    chosen = [each for each in everybody() if any(word in each.name for word in words)]
    measured = Measured()
    with opened() as stage, on(LOAD_CORES):
        ground = Ground(stage.shop.folder, stage.shop, ExitStack())
        replies.collect(stage.shop, ground.replies)
        stage.shop.gateway.stop()
        for name in names:
            with ExitStack() as ending:
                MEASURES[name](Ground(ground.folder, ground.shop, ending), chosen, pace, measured)
    return measured


def _speed(ground: Ground, chosen: Sequence[Contender], pace: Pace, measured: Measured) -> None:
    crew = _crew(chosen, ground, fast(ground), measured)
    measure_speed(crew.members, pace, measured)


def _latency(ground: Ground, chosen: Sequence[Contender], pace: Pace, measured: Measured) -> None:
    upstreams = slow(ground, SOURCE_SECONDS, SOURCE_SECONDS)
    crew = _crew(_asking(chosen), ground, upstreams, measured)
    source = Running(upstreams.promo, (), lambda: None)
    uvloop.run(measure_latency(crew.members, source, pace, measured))


def _first_byte(
    ground: Ground, chosen: Sequence[Contender], pace: Pace, measured: Measured
) -> None:
    upstreams = slow(ground, 0.0, SLEEP_SECONDS)
    waiting = [patient(each) for each in _asking(chosen)]
    served = [each for each in AS_SERVED if any(each.name.startswith(c.name) for c in chosen)]
    crew = _crew([*waiting, *served], ground, upstreams, measured)
    uvloop.run(measure_first_byte(crew.members, pace, measured))


MEASURES: dict[str, Measure] = {
    "speed": _speed,
    "latency": _latency,
    "first-byte": _first_byte,
}


def _asking(chosen: Sequence[Contender]) -> list[Contender]:
    """Return those that wait for their sources: all but our warm ones, which have none to ask."""
    return [each for each in chosen if each.waits]


def _crew(
    chosen: Sequence[Contender], ground: Ground, upstreams: Upstreams, measured: Measured
) -> Crew:
    crew = Crew()
    crew.start(chosen, ground, upstreams)
    measured.left_out |= crew.left_out
    measured.sizes |= {each.name: each.size for each in crew.members}
    return crew


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    words = partial(str.split, sep=",")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=words, default=[""], metavar="WORD,…")
    parser.add_argument("--measures", type=words, default=list(MEASURES), metavar="NAME,…")
    parser.add_argument("--json", type=Path, metavar="FILE")
    told = parser.parse_args()
    if unknown := set(told.measures) - set(MEASURES):
        parser.error(f"There is no measure {', '.join(sorted(unknown))}.")
    if not any(word in each.name for each in everybody() for word in told.only):
        names = "; ".join(each.name for each in everybody())
        parser.error(f"Nobody is called like that. There are: {names}.")
    return told


if __name__ == "__main__":
    run_command(main)
