"""The manifests, read."""

from typing import Any

import yaml

from deploy.local.process import REPOSITORY

FOLDER = REPOSITORY / "deploy/kubernetes"
FILES = sorted(FOLDER.rglob("*.yaml"))
Object = dict[str, Any]
OBJECTS: list[Object] = [
    found
    for file in FILES
    for found in yaml.safe_load_all(file.read_text(encoding="utf-8"))
    if found
]


def all_of(kind: str) -> dict[str, Object]:
    """Every object of a kind, by its name."""
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def pods() -> dict[str, Object]:
    """Every pod template: of the deployments, and of the job, by name."""
    return {
        name: each["spec"]["template"]
        for kind in ("Deployment", "Job")
        for name, each in all_of(kind).items()
    }


def container(pod: str) -> Object:
    """The one container of a pod."""
    [only] = pods()[pod]["spec"]["containers"]
    found: Object = only
    return found


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a label selector picks what has these labels."""
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    return all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )
