"""Rules of the cluster (M): what its manifests say, judged as data."""

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule
from gateway.ops.explain.audit.stack import is_of_no_version

HANDED_OVER = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")
"""Settings that hold a secret: their files are named, never they themselves."""
SPARE_SECONDS = 5.0


@rule(
    "M001",
    Severity.ERROR,
    "The cluster kills the gateway while it still answers: requests in flight are lost.",
    "Make terminationGracePeriodSeconds longer than NOTICE_SECONDS and DRAIN_SECONDS, by 5 s.",
)
def pods_killed_while_they_drain(facts: Facts) -> Iterable[str]:
    told = _told(facts)
    for name, pod in _pods(facts):
        if name != "gateway":
            continue
        grace = float(pod.get("terminationGracePeriodSeconds", 30))
        needed = (
            float(told.get("NOTICE_SECONDS", 0))
            + float(told.get("DRAIN_SECONDS", 10))
            + SPARE_SECONDS
        )
        if needed > grace:
            yield f"The pods of gateway need {needed:g} s to end, and have {grace:g} s."


@rule(
    "M002",
    Severity.ERROR,
    "Where Postgres or a service is down, every gateway is killed and started again, in vain.",
    "Let livenessProbe ask /livez, which asks nobody, and readinessProbe /readyz.",
)
def probes_that_kill(facts: Facts) -> Iterable[str]:
    for pod, container in _containers(facts):
        path = _path_of(container.get("livenessProbe"))
        if path and path != "/livez":
            yield f"The pod {pod} is killed where {path} does not answer."
        if pod in ("gateway", "edge", "promo", "recco") and not container.get("readinessProbe"):
            yield f"The pod {pod} gets visitors before it is ready."


@rule(
    "M003",
    Severity.ERROR,
    "A fault of the program has more rights than the program needs, or the cluster's own.",
    "runAsNonRoot, no escalation, all capabilities dropped, RuntimeDefault, a root that is "
    "read-only, no token, no volume of the node.",
)
def pods_with_more_than_they_need(facts: Facts) -> Iterable[str]:
    for name, pod in _pods(facts):
        if pod.get("automountServiceAccountToken", True):
            yield f"The pod {name} has a token for the cluster."
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(key):
                yield f"The pod {name} has {key}."
        if any("hostPath" in volume for volume in pod.get("volumes") or ()):
            yield f"The pod {name} sees files of its node."
    for name, container in _containers(facts):
        pod = dict(_pods(facts))[name]
        yield from (f"The pod {name} {what}." for what in _rights(pod, container))


@rule(
    "M004",
    Severity.WARNING,
    "A rolling update, or a node that goes, takes the shop away for a moment.",
    "minReplicas of 2 or more, maxUnavailable: 0, and a PodDisruptionBudget.",
)
def updates_that_take_the_shop_away(facts: Facts) -> Iterable[str]:
    for each in facts.manifests:
        if each.get("kind") == "HorizontalPodAutoscaler" and each["spec"].get("minReplicas", 1) < 2:
            yield f"There may be a single pod of {each['metadata']['name']}."
        if each.get("kind") == "Deployment" and each["metadata"]["name"] in ("gateway", "edge"):
            rolling = each["spec"].get("strategy", {}).get("rollingUpdate", {})
            if str(rolling.get("maxUnavailable", "25%")) not in ("0", "0%"):
                yield f"A rolling update takes pods of {each['metadata']['name']} away first."
    kinds = {each.get("kind") for each in facts.manifests}
    if "Deployment" in kinds and "PodDisruptionBudget" not in kinds:
        yield "There is no PodDisruptionBudget."


@rule(
    "M005",
    Severity.ERROR,
    "Every pod of the cluster may speak to every other, and to the cloud's metadata.",
    "Deny all in a NetworkPolicy of the namespace, and name what is needed.",
)
def a_network_that_is_open(facts: Facts) -> Iterable[str]:
    policies = [each["spec"] for each in facts.manifests if each.get("kind") == "NetworkPolicy"]
    closed = [spec for spec in policies if _denies_all(spec)]
    if facts.manifests and not closed:
        yield "No NetworkPolicy denies what the others do not name."
    for spec in policies:
        for to in (peer for way in spec.get("egress") or () for peer in way.get("to") or ()):
            block = to.get("ipBlock", {})
            if block.get("cidr") == "0.0.0.0/0" and "169.254.0.0/16" not in block.get("except", ()):
                yield "A NetworkPolicy lets pods reach the cloud's metadata (169.254.0.0/16)."


@rule(
    "M006",
    Severity.ERROR,
    "Whoever may read the manifests, or describe a pod, has it.",
    "Put it into the Secret and name its file: SECRET_KEY_FILE and so on.",
)
def secrets_in_manifests(facts: Facts) -> Iterable[str]:
    for name in HANDED_OVER:
        if name in _told(facts):
            yield f"{name} stands in a ConfigMap."
    for pod, container in _containers(facts):
        for each in container.get("env") or ():
            if each.get("name") in HANDED_OVER and each.get("value"):
                yield f"{each['name']} stands in the pod {pod}."


@rule(
    "M007",
    Severity.WARNING,
    "Without a request a pod is put where there is no room; without a limit it takes what others "
    "need.",
    "Give it requests for processor and memory, and a limit for memory.",
)
def pods_without_bounds(facts: Facts) -> Iterable[str]:
    for pod, container in _containers(facts):
        resources = container.get("resources") or {}
        for kind, what in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if what not in (resources.get(kind) or {}):
                yield f"The pod {pod} has no {kind} for {what}."


@rule(
    "M008",
    Severity.ERROR,
    "Passwords and sessions go to the cluster's door as they are.",
    "Give the Ingress tls, with the host and the secret of its certificate.",
)
def an_ingress_without_tls(facts: Facts) -> Iterable[str]:
    for each in facts.manifests:
        if each.get("kind") != "Ingress":
            continue
        covered = {host for tls in each["spec"].get("tls") or () for host in tls.get("hosts", ())}
        for host in (str(way.get("host", "*")) for way in each["spec"].get("rules") or ()):
            if host not in covered:
                yield f"The Ingress answers for {host} without TLS."


@rule(
    "M009",
    Severity.WARNING,
    "A new version comes with the next pod, whether anybody has looked at it or not, and two pods "
    "may run two.",
    "Name a release, and never use its name twice.",
)
def pods_of_no_release(facts: Facts) -> Iterable[str]:
    for pod, container in _containers(facts):
        image = str(container.get("image") or "")
        if is_of_no_version(image):
            yield f"The image of the pod {pod}, {image}, has no version."


def _denies_all(spec: dict[str, Any]) -> bool:
    both_ways = {"Ingress", "Egress"} <= set(spec.get("policyTypes") or ())
    nobody = not spec.get("ingress") and not spec.get("egress")
    return spec.get("podSelector") == {} and both_ways and nobody


def _pods(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in facts.manifests:
        if each.get("kind") in ("Deployment", "Job", "StatefulSet", "DaemonSet"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def _containers(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in _pods(facts):
        for container in (*(pod.get("initContainers") or ()), *pod["containers"]):
            yield name, container


def _told(facts: Facts) -> dict[str, str]:
    """Return what the ConfigMaps of the cluster say."""
    found: dict[str, str] = {}
    for each in facts.manifests:
        if each.get("kind") == "ConfigMap":
            found |= each.get("data") or {}
    return found


def _path_of(probe: Any) -> str:
    return str(((probe or {}).get("httpGet") or {}).get("path") or "")


def _rights(pod: dict[str, Any], container: dict[str, Any]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    both = {**(pod.get("securityContext") or {}), **own}
    if not both.get("runAsNonRoot") or both.get("runAsUser") == 0:
        yield "may run as root"
    if own.get("privileged") or own.get("allowPrivilegeEscalation", True):
        yield "may gain rights"
    if "ALL" not in (own.get("capabilities") or {}).get("drop", ()):
        yield "keeps capabilities"
    if not own.get("readOnlyRootFilesystem"):
        yield "can write to its root"
    if (both.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
        yield "may make any system call"


RULES = (
    pods_killed_while_they_drain,
    probes_that_kill,
    pods_with_more_than_they_need,
    updates_that_take_the_shop_away,
    a_network_that_is_open,
    secrets_in_manifests,
    pods_without_bounds,
    an_ingress_without_tls,
    pods_of_no_release,
)
