"""The edge of the cluster is the edge of the stack, but for two files that stay in step."""

import re

import pytest

from deploy.local.process import REPOSITORY
from tests.unit.deploy.manifests import all_of, container, pods

NGINX = REPOSITORY / "deploy/nginx"
REPLACED = ["gateway.conf", "trusted.conf"]


def directives(text: str) -> list[list[str]]:
    """The words of every simple directive and every block's head, without comments."""
    bare = re.sub(r"#.*", "", text)
    return [part.split() for part in re.split(r"[;{}]", bare) if part.split()]


def in_cluster(name: str) -> str:
    text: str = all_of("ConfigMap")["edge"]["data"][name]
    return text


def in_stack(name: str) -> str:
    return (NGINX / name).read_text(encoding="utf-8")


def defined(text: str) -> set[str]:
    """The variables that a file defines for the others."""
    return {words[-1] for words in directives(text) if words[0] in ("map", "geo")}


def test_nothing_else_is_replaced() -> None:
    assert sorted(all_of("ConfigMap")["edge"]["data"]) == REPLACED
    mounts = {m["mountPath"]: m.get("subPath") for m in container("edge")["volumeMounts"]}
    for name in REPLACED:
        assert (NGINX / name).is_file()
        assert mounts.pop(f"/etc/nginx/{name}") == name
    assert set(mounts) == {"/tmp"}  # noqa: S108 - the one place that nginx writes to


@pytest.mark.parametrize("name", REPLACED)
def test_a_replaced_file_defines_the_same(name: str) -> None:
    assert defined(in_cluster(name)) == defined(in_stack(name)) != set()


def test_gateways_are_found_in_the_same_way() -> None:
    """The same directives; only the name server and the name of the gateways are others."""
    cluster, stack = (directives(text("gateway.conf")) for text in (in_cluster, in_stack))
    assert [words[0] for words in cluster] == [words[0] for words in stack]
    [there], [here] = ([w for w in words if w[0] == "resolver"] for words in (cluster, stack))
    assert there[2:] == here[2:]
    [name] = [words[1] for words in cluster if words[0] == "default"]
    host, port = name.split(":")
    service = all_of("Service")["gateway"]["spec"]
    assert host == "gateway.shop.svc.cluster.local"
    assert service["ports"][0]["port"] == int(port)
    assert service["clusterIP"] == "None"


def test_the_proxies_that_are_believed_are_the_ones_whose_visitors_are_seen() -> None:
    """Both lists are one: whose X-Forwarded-For counts, and whose X-Forwarded-Proto."""
    words = directives(in_cluster("trusted.conf"))
    believed = {each[0] for each in words if len(each) == 2 and each[1] == "1"}
    seen_through = {each[1] for each in words if each[0] == "set_real_ip_from"}
    assert believed == seen_through != set()
    assert ["real_ip_recursive", "on"] in words


def test_in_the_stack_nobody_is_believed() -> None:
    words = directives(in_stack("trusted.conf"))
    assert words == [["geo", "$realip_remote_addr", "$from_proxy"], ["default", "0"]]


def test_only_the_controller_reaches_an_edge_that_believes_the_whole_network() -> None:
    [rule] = all_of("NetworkPolicy")["edge"]["spec"]["ingress"]
    assert [set(peer) for peer in rule["from"]] == [{"namespaceSelector"}]
    assert pods()["edge"]["metadata"]["labels"]["app.kubernetes.io/name"] == "edge"
