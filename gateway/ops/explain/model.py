"""What ``plan`` says, as plain values: they become text, JSON, or one side of a comparison.

Durations are seconds. What is measured, or differs from one place to the next without changing how
a page behaves, stands in fields of its own, and is not compared.
"""

from msgspec import Struct

FORMAT = 1
"""Of a saved plan. One with another number was saved by another release."""


class Figure(Struct, frozen=True):
    """A number of seconds, the setting that says so, and where that one has it from.

    ``setting`` is empty where the number stands in the code.
    """

    seconds: float
    setting: str = ""
    origin: str = "code"


class Kept(Struct, frozen=True):
    """Under which key replies are kept, and for how long."""

    key: tuple[str, ...]
    fresh: Figure
    stale: Figure
    failure_seconds: float
    failure_most_seconds: float


class Bound(Struct, frozen=True):
    """The worst that a page view can cost, and how it comes to that."""

    seconds: float
    calls: int
    why: tuple[str, ...] = ()


class Measured(Struct, frozen=True):
    """What a running gateway has seen since its start; None where it has seen nothing."""

    calls: int
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    hit_share: float | None = None
    whole_share: float | None = None
    """Calls that ended live or fresh; of a page, those that were complete."""


class FragmentPlan(Struct, frozen=True):
    """One fragment of a page: where it comes from, within which limits."""

    name: str
    source: str
    primary: bool
    asked: str
    upstream: str
    needs: str | None
    formula: str
    timeout: Figure | None
    effective_seconds: float | None
    """What is left of ``timeout`` under the page's budget, after all reserves; None: no limit."""
    kept: Kept | None
    worst: Bound
    extra_share: float
    """Extra calls for each call of a visitor, over a long time, by retries and hedges."""
    if_it_dies: str
    many: int = 1
    """So many fragments of this page are alike, but for their names and arguments."""
    measured: Measured | None = None
    off: str = ""
    """Who has switched it off at run time, and until when; empty where nobody has."""


class StepPlan(Struct, frozen=True):
    """Fragments that are asked for at once."""

    name: str
    budget: Figure
    fragments: tuple[FragmentPlan, ...]
    worst: Bound


class PagePlan(Struct, frozen=True):
    """A page; its steps come one after another, under one deadline."""

    name: str
    paths: tuple[str, ...]
    steps: tuple[StepPlan, ...]
    worst: Bound
    measured: Measured | None = None


class Explained(Struct, frozen=True):
    """The pages that were asked for."""

    pages: tuple[PagePlan, ...]
    format: int = FORMAT
