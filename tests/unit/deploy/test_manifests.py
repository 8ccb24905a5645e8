"""The manifests: what a pod may do, how it ends, who may speak to whom."""

from typing import Any

import pytest
import yaml

from deploy.local.process import REPOSITORY
from gateway import settings
from tests.unit.deploy.manifests import FILES, OBJECTS, all_of, container, matches, pods

PODS = sorted(pods())
SERVED = ["edge", "gateway", "promo", "recco"]
SPARE_SECONDS = 4
BACKGROUND_SECONDS = 2
UVICORN_SECONDS = 10
NAME_SERVER_SECONDS = 5 + 1
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))


def told(name: str) -> str:
    value: str = all_of("ConfigMap")["settings"]["data"][name]
    return value


def grace(pod: str) -> int:
    seconds: int = pods()[pod]["spec"]["terminationGracePeriodSeconds"]
    return seconds


def waits(pod: str) -> int:
    """How long the preStop hook of a pod sleeps, in seconds."""
    command = container(pod).get("lifecycle", {}).get("preStop", {}).get("exec", {})
    return int(command.get("command", ["sleep", "0"])[1])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_fits_the_restricted_profile(name: str) -> None:
    spec, only = pods()[name]["spec"], container(name)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"]["allowPrivilegeEscalation"] is False
    assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert only["securityContext"]["readOnlyRootFilesystem"] is True
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
    allowed = {"secret", "configMap", "emptyDir", "persistentVolumeClaim"}
    assert {key for volume in spec["volumes"] for key in volume} <= allowed | {"name"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_cannot_speak_to_the_cluster(name: str) -> None:
    spec = pods()[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "shop"
    assert all_of("ServiceAccount")["shop"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", PODS)
def test_no_service_writes_into_a_pods_environment(name: str) -> None:
    """The Service promo would set PROMO_PORT to an address, and gateway GATEWAY_PORT."""
    assert pods()[name]["spec"]["enableServiceLinks"] is False


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_bounds(name: str) -> None:
    """And its memory is its own: what it may use is what it was promised."""
    resources = container(name)["resources"]
    for bound in ("cpu", "memory", "ephemeral-storage"):
        assert resources["requests"][bound]
        assert resources["limits"][bound]
    if name != "migrate":
        assert resources["requests"]["memory"] == resources["limits"]["memory"]
    for volume in pods()[name]["spec"]["volumes"]:
        assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"]


def test_the_namespace_admits_nothing_else() -> None:
    labels = all_of("Namespace")["shop"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"].get("namespace", "shop") for each in OBJECTS} == {"shop"}


def test_the_images_are_those_of_one_release() -> None:
    images = {container(name)["image"] for name in PODS}
    built = {
        service["image"] for service in COMPOSE["services"].values() if service.get("build")
    } - {"page-aggregator/standins"}
    assert {image.rpartition(":")[0] for image in images} == {f"images.example/{b}" for b in built}
    assert len({image.rpartition(":")[2] for image in images}) == 1


@pytest.mark.parametrize("name", ["edge", "gateway", "worker", "promo", "recco"])
def test_a_pod_is_who_it_is_in_the_stack(name: str) -> None:
    """The user, because files belong to it; the memory, because it was measured there."""
    context, service = pods()[name]["spec"]["securityContext"], COMPOSE["services"][name]
    assert f"{context['runAsUser']}:{context['runAsGroup']}" == service["user"]
    limit = container(name)["resources"]["limits"]["memory"]
    assert int(limit.removesuffix("Mi")) >= int(service["mem_limit"].removesuffix("m"))


def test_the_gateway_ends_in_the_time_that_it_has() -> None:
    needed = waits("gateway") + float(told("NOTICE_SECONDS")) + float(told("DRAIN_SECONDS"))
    assert needed + BACKGROUND_SECONDS + SPARE_SECONDS <= grace("gateway")


def test_the_gateway_answers_until_nobody_sends_it_anything() -> None:
    """Name servers keep its name for 6 s, and the cluster takes its time to notice."""
    told_early = waits("gateway") + float(told("NOTICE_SECONDS"))
    assert told_early >= 2 * NAME_SERVER_SECONDS


@pytest.mark.parametrize(("name", "drain"), [("edge", 10), ("promo", UVICORN_SECONDS)])
def test_what_stops_taking_connections_at_once_is_told_late(name: str, drain: int) -> None:
    assert waits(name) >= 5
    assert waits(name) + drain + SPARE_SECONDS <= grace(name)


@pytest.mark.parametrize("name", SERVED)
def test_a_rolling_update_takes_nothing_away(name: str) -> None:
    spec = all_of("Deployment")[name]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert spec["minReadySeconds"] >= 5
    assert all_of("PodDisruptionBudget")[name]["spec"]["maxUnavailable"] == 1
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert {rule["topologyKey"] for rule in spread} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    assert all(rule["matchLabelKeys"] == ["pod-template-hash"] for rule in spread)


@pytest.mark.parametrize("name", SERVED)
def test_everything_that_serves_is_probed(name: str) -> None:
    only = container(name)
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(only)


def test_no_source_that_is_down_gets_a_gateway_killed() -> None:
    only = container("gateway")
    assert only["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert only["startupProbe"]["httpGet"]["path"] == "/livez"
    assert only["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_autoscaler_alone_says_how_many_gateways_there_are() -> None:
    """Otherwise every apply would set them back."""
    scaler = all_of("HorizontalPodAutoscaler")["gateway"]["spec"]
    assert "replicas" not in all_of("Deployment")["gateway"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == "gateway"
    assert 3 <= scaler["minReplicas"] < scaler["maxReplicas"]
    assert all(all_of("Deployment")[name]["spec"]["replicas"] >= 2 for name in SERVED[::2])


def test_every_setting_is_one_that_the_gateway_reads() -> None:
    """Under its name, or as the file of that name."""
    source = (REPOSITORY / "gateway/settings.py").read_text(encoding="utf-8")
    for name in all_of("ConfigMap")["settings"]["data"]:
        assert f'("{name.removesuffix("_FILE")}"' in source, name


def test_every_setting_file_is_a_key_of_the_secret() -> None:
    keys = all_of("Secret")["shop"]["stringData"]
    files = {name: path for name, path in settings_data().items() if name.endswith("_FILE")}
    assert {path.rpartition("/")[2] for path in files.values()} == set(keys)
    for pod in ("gateway", "worker", "migrate"):
        [mount] = [m for m in container(pod)["volumeMounts"] if m["name"] == "secrets"]
        assert all(path.startswith(mount["mountPath"] + "/") for path in files.values())
        [volume] = [v for v in pods()[pod]["spec"]["volumes"] if v["name"] == "secrets"]
        assert volume["secret"] == {"secretName": "shop", "defaultMode": 0o440}


def settings_data() -> dict[str, str]:
    found: dict[str, str] = all_of("ConfigMap")["settings"]["data"]
    return found


def test_no_secret_lies_where_it_would_be_applied() -> None:
    with_secrets = [file for file in FILES if "kind: Secret" in file.read_text(encoding="utf-8")]
    assert [file.parent.name for file in with_secrets] == ["examples"]


def test_there_is_room_for_all_uploads() -> None:
    claim = all_of("PersistentVolumeClaim")["uploads"]["spec"]
    gibibytes = int(claim["resources"]["requests"]["storage"].removesuffix("Gi"))
    assert claim["accessModes"] == ["ReadWriteMany"]
    assert gibibytes << 30 > settings.MANUSCRIPTS_QUOTA_BYTES


def test_a_service_finds_its_pods_and_their_port() -> None:
    for name, service in all_of("Service").items():
        pod = pods()[name]
        assert matches({"matchLabels": service["spec"]["selector"]}, pod["metadata"]["labels"])
        [port] = service["spec"]["ports"]
        [offered] = container(name)["ports"]
        assert (port["targetPort"], port["port"]) == (offered["name"], offered["containerPort"])


# Who asks whom, in this house and outside of it; the same arrows as in docs/architecture.md.
ARROWS = {
    ("edge", "gateway", 8000),
    ("gateway", "promo", 8001),
    ("gateway", "recco", 8002),
}


def test_who_may_speak_to_whom() -> None:
    assert {arrow for arrow in _imaginable() if _may(*arrow)} == ARROWS


def _imaginable() -> set[tuple[str, str, int]]:
    ports = {name: container(name)["ports"][0]["containerPort"] for name in SERVED}
    return {(a, b, ports[b]) for a in PODS for b in SERVED if a != b}


def _may(asking: str, asked: str, port: int) -> bool:
    """Whether one side lets it out and the other in."""
    return _allows("egress", "to", asking, asked, port) and _allows(
        "ingress", "from", asked, asking, port
    )


def _allows(direction: str, side: str, whose: str, other: str, port: int) -> bool:
    rules: list[Any] = [
        rule
        for policy in all_of("NetworkPolicy").values()
        if matches(policy["spec"]["podSelector"], pods()[whose]["metadata"]["labels"])
        for rule in policy["spec"].get(direction, [])
    ]
    return any(
        matches(peer["podSelector"], pods()[other]["metadata"]["labels"])
        and {"protocol": "TCP", "port": port} in rule["ports"]
        for rule in rules
        for peer in rule[side]
        if set(peer) == {"podSelector"}
    )


def test_what_is_not_allowed_is_denied() -> None:
    deny = all_of("NetworkPolicy")["default-deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_nobody_reaches_a_clouds_metadata() -> None:
    [rule] = all_of("NetworkPolicy")["outside"]["spec"]["egress"]
    [peer] = rule["to"]
    assert {"169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12"} <= set(peer["ipBlock"]["except"])


def test_the_public_address_is_one_that_the_gateway_answers_to() -> None:
    spec = all_of("Ingress")["shop"]["spec"]
    [rule], [tls] = spec["rules"], spec["tls"]
    assert tls["hosts"] == [rule["host"]] == told("ALLOWED_HOSTS").split(",")
    [path] = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "edge", "port": {"name": "http"}}
    assert told("HTTPS_ONLY") == "true"
