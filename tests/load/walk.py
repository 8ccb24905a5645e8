"""The steps of ``make chaos``: what is broken, what a person should look at, what must be seen."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.load.stage import Stage

Breaking = Callable[[Stage], None]


@dataclass(frozen=True)
class Step:
    """One step of the walk: ``do`` breaks or mends, and then the page must be as ``seen`` says.

    ``seen`` names, for fragments that are not whole, the states that they may be in.
    """

    title: str
    look: str
    do: Breaking
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _nothing(stage: Stage) -> None:
    """Break nothing."""


def _slow_promo(stage: Stage) -> None:
    stage.shop.manage("fault", "promo", "--delay", "2s")


def _stop_promo(stage: Stage) -> None:
    stage.shop.manage("fault", "promo", "--off")
    stage.shop.promo.stop()
    stage.shop.manage("purge", "promo")


def _stop_recco(stage: Stage) -> None:
    stage.shop.recco.stop()
    stage.shop.manage("purge", "recco")


def _stop_redis(stage: Stage) -> None:
    stage.redis.stop()


def _stop_postgres(stage: Stage) -> None:
    stage.postgres.stop()


def _all_back(stage: Stage) -> None:
    stage.postgres.start()
    stage.redis.start()
    stage.shop.promo.start()
    stage.shop.recco.start()


GONE = ("fallback",)
KEPT = ("stale",)

WALK = (
    Step("All is well.", "A whole page: banners, books for you, new arrivals.", _nothing),
    Step(
        "The promotions service takes 2 s for each answer.",
        "The page waits for it 0.4 s at the most, and soon not at all. It shows the banners that "
        "it kept, and says at its foot that they are from earlier.",
        _slow_promo,
        {"promo": KEPT},
    ),
    Step(
        "The promotions service is stopped, and what was kept of it is thrown away.",
        "In the banner's place stands a line that says what is missing. All else is whole.",
        _stop_promo,
        {"promo": GONE},
    ),
    Step(
        "The recommendation service is stopped and forgotten as well.",
        "Two parts are missing and say so. New arrivals still come from Postgres.",
        _stop_recco,
        {"promo": GONE, "recco": GONE},
    ),
    Step(
        "Redis is stopped too.",
        "Nothing more is missing, and the page is not slower: a cache that fails is an empty one.",
        _stop_redis,
        {"promo": GONE, "recco": GONE},
    ),
    Step(
        "Postgres is stopped: now nothing is left but the gateway itself.",
        "Still a page, 200 and in time, that says what is missing, with the new arrivals of "
        "earlier. /books/ cannot be shown without Postgres: it answers 503 with a page of its own.",
        _stop_postgres,
        {"promo": GONE, "recco": GONE, "arrivals": KEPT},
    ),
    Step(
        "Everything is started again.",
        "The page becomes whole by itself, within seconds.",
        _all_back,
    ),
)
