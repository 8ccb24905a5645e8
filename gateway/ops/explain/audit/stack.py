"""Rules of the stack (Q): what its Compose file says, judged as data."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule

NOT_FOR_VISITORS = ("gateway", "worker", "promo", "recco", "postgres", "redis", "migrate")
LOOKED_AFTER = ("edge", "gateway", "promo", "recco", "postgres", "redis")

_ROOT = ("root", "0", "0:0", "root:root")


@rule(
    "Q001",
    Severity.ERROR,
    "Whoever reaches this machine reaches it past the edge: past its limits, and past what it "
    "takes away from headers.",
    "Publish the port of the edge alone; look at others by docker compose exec.",
)
def published_past_the_edge(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        if service.get("ports") and name in NOT_FOR_VISITORS:
            yield f"Compose publishes a port of {name}."


@rule(
    "Q002",
    Severity.ERROR,
    "Whoever breaks out of the program has the machine.",
    "Leave out privileged, cap_add, network_mode: host, pid: host, and the engine's socket.",
)
def containers_that_have_the_machine(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        for key in ("privileged", "cap_add"):
            if service.get(key):
                yield f"The container {name} is given {key}."
        for key in ("network_mode", "pid", "ipc"):
            if service.get(key) == "host":
                yield f"The container {name} shares {key} with the machine."
        if any("docker.sock" in str(each) for each in service.get("volumes") or ()):
            yield f"The container {name} has the engine's socket."


@rule(
    "Q003",
    Severity.WARNING,
    "A fault of the program is a fault with all rights and something to write to.",
    "Give it a user, read_only: true, cap_drop: [ALL] and no-new-privileges:true.",
)
def containers_with_more_than_they_need(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        if str(service.get("user") or "root") in _ROOT:
            yield f"The container {name} runs as root."
        if not service.get("read_only"):
            yield f"The container {name} can write to its root."
        if "ALL" not in (service.get("cap_drop") or ()):
            yield f"The container {name} keeps capabilities."
        if "no-new-privileges:true" not in (service.get("security_opt") or ()):
            yield f"The container {name} may gain rights."


@rule(
    "Q004",
    Severity.WARNING,
    "One that grows takes the memory of all others, and the kernel chooses who dies.",
    "Give it a mem_limit.",
)
def containers_without_bounds(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        if not service.get("mem_limit"):
            yield f"The container {name} has no mem_limit."


@rule(
    "Q005",
    Severity.ERROR,
    "A Redis that is full refuses what is new, or fills the disk; here it is a cache.",
    "Say --maxmemory, --maxmemory-policy allkeys-lru, --appendonly no and --save ''.",
)
def a_redis_that_is_no_cache(facts: Facts) -> Iterable[str]:
    command = " ".join(map(str, facts.services.get("redis", {}).get("command") or ()))
    if not command:
        return
    if "--maxmemory " not in command:
        yield "Redis has no maxmemory."
    if not re.search(r"--maxmemory-policy (allkeys|volatile)-", command):
        yield "Redis throws nothing away when it is full."
    if re.search(r"--appendonly yes", command):
        yield "Redis writes down what can be asked again."


@rule(
    "Q006",
    Severity.WARNING,
    "What dies stays dead, or is sent visitors before it can answer.",
    "Give what serves restart: unless-stopped and a healthcheck.",
)
def what_serves_and_is_not_looked_after(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        if name not in LOOKED_AFTER:
            continue
        if service.get("restart") not in ("unless-stopped", "always"):
            yield f"The container {name} is not started again when it dies."
        if not service.get("healthcheck") or service["healthcheck"].get("disable"):
            yield f"Nobody looks whether {name} answers."


@rule(
    "Q007",
    Severity.ERROR,
    "Whoever may look at a container's environment, a process list or the file itself reads it.",
    "Name a file instead: SECRET_KEY_FILE, DATABASE_URL_FILE, POSTGRES_PASSWORD_FILE.",
)
def secrets_in_an_environment(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        for variable, value in _pairs(service.get("environment")):
            secret = re.search(r"PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL", variable)
            if secret and not variable.endswith("_FILE") and re.sub(r"\$\{[^}]*\}", "", value):
                yield f"{variable} of {name} stands in the Compose file."


@rule(
    "Q008",
    Severity.WARNING,
    "A new version comes with the next start, whether anybody has looked at it or not.",
    "Name a version of the image.",
)
def images_of_no_version(facts: Facts) -> Iterable[str]:
    for name, service in facts.services.items():
        image = str(service.get("image") or "")
        ours = service.get("build") or image.startswith("page-aggregator/")
        if image and not ours and is_of_no_version(image):
            yield f"The image of {name}, {image}, has no version."


def is_of_no_version(image: str) -> bool:
    """Return whether what ``image`` names may be another one tomorrow."""
    return ":" not in image.rpartition("/")[2] or image.endswith(":latest")


def _pairs(environment: Any) -> Iterator[tuple[str, str]]:
    if isinstance(environment, dict):
        yield from ((name, str(value or "")) for name, value in environment.items())
    for each in environment if isinstance(environment, list) else ():
        name, _, value = str(each).partition("=")
        yield name, value


RULES = (
    published_past_the_edge,
    containers_that_have_the_machine,
    containers_with_more_than_they_need,
    containers_without_bounds,
    a_redis_that_is_no_cache,
    what_serves_and_is_not_looked_after,
    secrets_in_an_environment,
    images_of_no_version,
)
