"""What the page shows, as plain values. Every figure says its unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.ops.changing.tunable import SETTINGS, fixed
from gateway.ops.forms import FaultForm
from gateway.ops.live.diagnosis import diagnose
from gateway.ops.live.model import Portrait
from gateway.ops.live.presence import SILENT_SECONDS, Company
from gateway.ops.live.showing import shown_pages, shown_source, shown_upstream
from gateway.ops.live.wording import ago, clock, milliseconds, per_second, percent
from gateway.ops.sources import SOURCES
from gateway.ops.switchboard import shown_form, shown_setting, shown_switch
from gateway.sources.switches import Switches

NO_REDIS = (
    "Redis does not answer: other gateways are not known, nothing can be purged, and below stands "
    "what the gateway that answers knows by itself."
)
NO_POSTGRES = (
    "Postgres does not answer: nothing can be changed. You see this page because you saw it a few "
    "minutes ago."
)
GONE = "The gateway that you looked at is gone; below stands the one that answers."


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the page is made of: whose portrait, who else there is, and what is switched.

    ``mine`` is the gateway that answers, ``shown`` the one whose figures are shown.
    """

    mine: Portrait
    shown: Portrait
    company: Company
    switches: Switches
    history: Sequence[dict[str, Any]] | None = None
    asked_for_another: bool = False
    postgres_answers: bool = True


def present(scene: Scene) -> dict[str, Any]:
    """Return the values of the parts that change by themselves."""
    shown, now = scene.shown, scene.shown.at
    in_force = scene.switches.in_force()
    findings = diagnose(shown, in_force, scene.company.portraits)
    return {
        "problems": list(_problems(scene)),
        "read_at": clock(now),
        "shown": _gateway(shown, scene),
        "findings": findings,
        "bad": sum(each.bad for each in findings),
        "gateways": [_gateway(each, scene) for each in _fleet(scene)],
        "pages": shown_pages(shown),
        "upstreams": [shown_upstream(each, shown) for each in shown.upstreams],
        "sources": [shown_source(each, shown) for each in shown.sources],
        "switchboard": [shown_switch(name, scene.switches, in_force, now) for name in SOURCES],
        "settings": [shown_setting(name, in_force, now) for name in SETTINGS],
        "history": scene.history,
        "can_change": scene.postgres_answers,
    }


def present_forms(scene: Scene, judged: dict[str, FaultForm]) -> dict[str, Any]:
    """Return the values of the rest; ``judged`` holds the form that was sent and not accepted."""
    in_force = scene.switches.in_force()
    return {"forms": [shown_form(name, in_force, judged) for name in SOURCES], "fixed": fixed()}


def _problems(scene: Scene) -> Iterator[str]:
    if not scene.postgres_answers:
        yield NO_POSTGRES
    if not scene.company.redis_answers:
        yield NO_REDIS
    elif scene.asked_for_another and scene.shown.id == scene.mine.id:
        yield GONE


def _fleet(scene: Scene) -> list[Portrait]:
    """Return all gateways: ours as it is now, the others as they have told."""
    others = [each for each in scene.company.portraits if each.id != scene.mine.id]
    return sorted([scene.mine, *others], key=lambda each: (each.host, each.process))


def _gateway(told: Portrait, scene: Scene) -> dict[str, Any]:
    silent = scene.mine.at - told.at
    open_ones = [each.name for each in told.upstreams if each.state != "closed"]
    latest = max(each.latest_change for each in _fleet(scene))
    troubled = [each.name for each in told.sources if each.trouble and not each.trouble.recovered]
    return {
        "id": told.id,
        "name": f"{told.host}, process {told.process}",
        "mine": told.id == scene.mine.id,
        "looked_at": told.id == scene.shown.id,
        "state": f"silent for {ago(silent)}" if silent > SILENT_SECONDS else told.state,
        "well": silent <= SILENT_SECONDS and told.state == "ready",
        "up": ago(told.at - told.began),
        "version": " ".join(filter(None, (told.version, told.commit))),
        "platform": f"Python {told.python}, Django {told.django}",
        "pages": per_second(told.pages.rate),
        "whole": percent(told.pages.complete_share),
        "p95": milliseconds(told.pages.seconds.p95),
        "inside": f"{told.door.inside} of {told.door.limit}",
        "refused": per_second(told.door.refused + told.door.late),
        "memory": f"{told.memory_bytes / 1_048_576:.0f} MB" if told.memory_bytes else "–",
        "tasks": told.tasks,
        "open": ", ".join(open_ones) or "none",
        "trouble": ", ".join(troubled) or "none",
        "change": told.latest_change,
        "behind": told.latest_change < latest,
    }
