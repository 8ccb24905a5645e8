"""Trying a service by its own OpenAPI document: whatever it allows must be answered as it says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

SEED = 20261120
EXAMPLES = 8
STEPS = 4
PHASES = ("examples", "coverage", "fuzzing", "stateful")

Asked = tuple[str, str, str, int]


@dataclass
class Trial:
    """What was asked, as phase, method, path and status; which checks ran; what was found."""

    asked: Counter[Asked] = field(default_factory=Counter)
    checks: set[str] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)
    followed: set[str] = field(default_factory=set)

    def statuses(self, path: str) -> set[int]:
        """The statuses that ``path`` was seen to answer."""
        return {status for _, _, asked, status in self.asked if asked == path}


def tried(app: Any, document: dict[str, Any], phases: Iterable[str] = PHASES) -> Trial:
    """Ask ``app``, in this process, whatever ``document`` allows and forbids; the same each time.

    All of schemathesis' checks run; following links is one of the phases.
    """
    wanted = set(phases)
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            "phases": {name: {"enabled": name in wanted} for name in PHASES}
            | {"stateful": {"enabled": "stateful" in wanted, "max-steps": STEPS}},
        }
    )
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = app
    trial = Trial()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            trial.findings.add(f"the trial itself failed: {event}")
        if isinstance(event, ScenarioFinished):
            _note(trial, event)
    return trial


def _note(trial: Trial, event: Any) -> None:
    record = event.recorder
    for interaction in record.interactions.values():
        path = "/" + interaction.request.uri.split("/", 3)[-1].partition("?")[0]
        status = interaction.response.status_code if interaction.response else 0
        trial.asked[event.phase.value, interaction.request.method, path, status] += 1
    for case in record.cases.values():
        if case.transition is not None:
            trial.followed.add(case.transition.id)
    for checks in record.checks.values():
        for check in checks:
            trial.checks.add(check.name)
            if check.failure_info is not None:
                trial.findings.add(f"{check.name}: {check.failure_info.failure}")
