"""From a job to what its page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.giftwrap.rules import DONE, LATE_SECONDS, RIBBONS, STEPS, said, sentence, step


@dataclass(frozen=True, slots=True)
class StepView:
    """A step in the list; ``state`` is done, now or ahead."""

    number: int
    name: str
    state: str


def present(job: Any, now: datetime) -> dict[str, Any]:
    """Return the values of a job's page; ``job`` is a ``Job`` or a ``JobRow``."""
    items, stage = tuple(job.items), int(job.stage)
    late = stage < DONE and (now - job.due_at).total_seconds() > LATE_SECONDS
    key: UUID = job.pk
    return {
        "job": str(key),
        "items": items,
        "ribbon": job.ribbon,
        "sentence": sentence(items),
        "done_sentence": sentence(items, done=True),
        "done": stage >= DONE,
        "stage": min(stage, DONE),
        "passed": max(0, min(stage, DONE) - 1),
        "steps": [_step(number, stage, job.ribbon) for number in range(1, len(STEPS) + 1)],
        "said": said(stage, job.ribbon, late=late),
        "ribbons": RIBBONS,
    }


def _step(number: int, stage: int, ribbon: str) -> StepView:
    state = "done" if number < stage else "now" if number == stage else "ahead"
    return StepView(number, step(number, ribbon), state)
