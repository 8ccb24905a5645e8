"""Misconfigurations of the edge, the stack and the cluster: one change to a file that is good."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from gateway.ops.explain.audit.facts import Facts
from tests.unit.ops.judging import Case, Make, facts

Change = Callable[[dict[str, Any]], Any]


def _good() -> Facts:
    return facts()


def _edge(directive: str, instead: str, *, of: str = "edge") -> Make:
    def make() -> Facts:
        text = getattr(facts(), of)
        changed = re.sub(directive, instead, text)
        assert changed != text, f"there is no {directive}"
        return facts(**{of: changed})

    return make


def _service(name: str, change: Change) -> Make:
    """The stack with one of its services changed."""

    def make() -> Facts:
        services = deepcopy(dict(facts().services))
        change(services[name])
        return facts(services=services)

    return make


def _object(kind: str, name: str, change: Change) -> Make:
    """The cluster with one of its objects changed."""

    def make() -> Facts:
        manifests = deepcopy(facts().manifests)
        [found] = [x for x in manifests if (x["kind"], x["metadata"]["name"]) == (kind, name)]
        change(found)
        return facts(manifests=manifests)

    return make


def _pod(name: str, change: Change) -> Make:
    return _object("Deployment", name, lambda each: change(each["spec"]["template"]["spec"]))


def _container(name: str, change: Change) -> Make:
    return _pod(name, lambda pod: change(pod["containers"][0]))


def _policy(name: str, change: Change) -> Make:
    return _object("NetworkPolicy", name, lambda each: change(each["spec"]))


def _without(kind: str) -> Make:
    return lambda: facts(manifests=tuple(x for x in facts().manifests if x["kind"] != kind))


CASES_OF_FILES = (
    Case("E005", _edge(r"sendfile      on;", "sendfile on; \n gzip on;"), _good, "packs"),
    Case("E006", _edge(r"default 0;", "default 1;", of="trusted"), _good, "by default"),
    Case(
        "E006",
        _edge(r"\Z", "set_real_ip_from 0.0.0.0/0;\n", of="trusted"),
        _edge(r"\Z", "set_real_ip_from 10.0.0.0/8;\n", of="trusted"),
        "0.0.0.0/0",
    ),
    Case("E007", _edge(r"(proxy_cache_key .*?) \$http_host", r"\1"), _good, "no host"),
    Case(
        "E008",
        _edge(r"\$remote_addr;", "$proxy_add_x_forwarded_for;", of="proxied"),
        _good,
        "X-Forwarded-For",
    ),
    Case("E008", _edge(r".*Daphne-Root-Path.*\n", "", of="proxied"), _good, "Daphne-Root-Path"),
    Case(
        "E009",
        _edge(r"proxy_ignore_headers ", "proxy_ignore_headers Set-Cookie ", of="proxied"),
        _good,
        "Set-Cookie",
    ),
    Case("E009", _edge(r"(proxy_cache_key)", r"proxy_cache_valid 200 10m;\n\1"), _good, "10m"),
    Case(
        "E010", _edge(r"error timeout;", "error timeout non_idempotent;"), _good, "second gateway"
    ),
    Case("E011", _edge(r"\$may_measure = 0", "$may_measure = 2"), _good, "/metrics"),
    Case("E012", _edge(r"(root /srv;)", r"\1\n autoindex on;"), _good, "folders"),
    Case("E012", _edge(r".*limit_conn  .*\n", ""), _good, "connections"),
    Case(
        "E013",
        lambda: facts({"MANUSCRIPT_IDLE_SECONDS": 30.0}),
        lambda: facts({"MANUSCRIPT_IDLE_SECONDS": 29.0}),
        "client_body_timeout",
    ),
    Case("E014", _edge(r"proxy_buffering off;", ""), _good, "events"),
    Case("E014", _edge(r"proxy_request_buffering off;", ""), _good, "uploads"),
    Case(
        "Q001",
        _service("postgres", lambda each: each.update(ports=["5432:5432"])),
        _good,
        "port of postgres",
    ),
    Case(
        "Q001", _service("gateway", lambda each: each.update(ports=["8001:8000"])), _good, "gateway"
    ),
    Case("Q002", _service("edge", lambda each: each.update(privileged=True)), _good, "privileged"),
    Case(
        "Q002", _service("worker", lambda each: each.update(network_mode="host")), _good, "shares"
    ),
    Case(
        "Q002",
        _service("promo", lambda each: each.update(volumes=["/var/run/docker.sock:/x"])),
        _good,
        "socket",
    ),
    Case("Q003", _service("gateway", lambda each: each.update(user="root")), _good, "root"),
    Case("Q003", _service("recco", lambda each: each.update(read_only=False)), _good, "write"),
    Case("Q003", _service("edge", lambda each: each.pop("security_opt")), _good, "gain rights"),
    Case("Q004", _service("worker", lambda each: each.pop("mem_limit")), _good, "mem_limit"),
    Case(
        "Q005",
        _service(
            "redis", lambda each: each.update(command=["redis-server", "--appendonly", "yes"])
        ),
        _good,
        "writes down",
    ),
    Case("Q006", _service("gateway", lambda each: each.update(restart="no")), _good, "gateway"),
    Case("Q006", _service("edge", lambda each: each.pop("healthcheck")), _good, "edge"),
    Case(
        "Q007",
        _service("gateway", lambda each: each["environment"].update(SECRET_KEY="k3J9xQvWm2Tz")),
        _service("gateway", lambda each: each["environment"].update(SECRET_KEY="${SECRET_KEY:-}")),
        "SECRET_KEY of gateway",
    ),
    Case("Q008", _service("redis", lambda each: each.update(image="redis")), _good, "redis"),
    Case(
        "M001",
        _pod("gateway", lambda pod: pod.update(terminationGracePeriodSeconds=29)),
        _pod("gateway", lambda pod: pod.update(terminationGracePeriodSeconds=30)),
        "30 s to end",
    ),
    Case(
        "M002",
        _container("gateway", lambda one: one["livenessProbe"]["httpGet"].update(path="/readyz")),
        _good,
        "/readyz",
    ),
    Case("M002", _container("promo", lambda one: one.pop("readinessProbe")), _good, "before it is"),
    Case(
        "M003",
        _container("worker", lambda one: one["securityContext"].update(privileged=True)),
        _good,
        "gain rights",
    ),
    Case("M003", _pod("edge", lambda pod: pod.update(hostNetwork=True)), _good, "hostNetwork"),
    Case(
        "M003",
        _pod("promo", lambda pod: pod.pop("automountServiceAccountToken")),
        _good,
        "token",
    ),
    Case(
        "M004",
        _object(
            "HorizontalPodAutoscaler", "gateway", lambda each: each["spec"].update(minReplicas=1)
        ),
        _good,
        "single pod",
    ),
    Case("M004", _without("PodDisruptionBudget"), _good, "PodDisruptionBudget"),
    Case("M005", _policy("default-deny", lambda spec: spec.update(ingress=[{}])), _good, "denies"),
    Case(
        "M005",
        _policy(
            "outside", lambda spec: spec["egress"][0]["to"][0]["ipBlock"].update({"except": []})
        ),
        _good,
        "metadata",
    ),
    Case(
        "M006",
        _object("ConfigMap", "settings", lambda each: each["data"].update(SECRET_KEY="x")),
        _good,
        "SECRET_KEY",
    ),
    Case("M007", _container("recco", lambda one: one["resources"].pop("limits")), _good, "limits"),
    Case("M008", _object("Ingress", "shop", lambda each: each["spec"].pop("tls")), _good, "TLS"),
    Case(
        "M009",
        _container("edge", lambda one: one.update(image="images.example/edge:latest")),
        _good,
        "latest",
    ),
)
