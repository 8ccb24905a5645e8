"""The edge as in a cluster: behind a proxy that ends TLS, with the files of its ConfigMap."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml

from tests.compose.docker import REPOSITORY, Stack
from tests.compose.lone_edge import NETWORK, LoneEdge, lone_edge

pytestmark = pytest.mark.compose

MANIFEST = REPOSITORY / "deploy/kubernetes/base/edge-config.yaml"
POD_NETWORK = "10.0.0.0/8"
DOCKERS_NAME_SERVER = "127.0.0.11"
STRANGER = "198.51.100.77"


def config() -> dict[str, str]:
    """Return the files of the manifest, as a cluster would put them into the edge."""
    found: dict[str, str] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["data"]
    return found


@pytest.fixture(scope="module")
def edge(images: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneEdge]:
    """An edge to which we are the ingress controller: its pod network is the one that we are in."""
    files = config()
    trusted = files["trusted.conf"].replace(POD_NETWORK, NETWORK)
    assert trusted != files["trusted.conf"]
    with in_cluster(tmp_path_factory.mktemp("edge"), files | {"trusted.conf": trusted}) as edge:
        yield edge


@pytest.fixture
def wary(images: Stack, tmp_path: Path) -> Iterator[LoneEdge]:
    """The same, but we are not from the pod network that the manifest names."""
    with in_cluster(tmp_path, config()) as edge:
        yield edge


def in_cluster(folder: Path, files: dict[str, str]) -> AbstractContextManager[LoneEdge]:
    """Start an edge with these files; Docker's name server stands in for the cluster's."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o644)
    mounts = [f"--volume={folder / name}:/etc/nginx/{name}:ro" for name in files]
    host = f"--add-host=kube-dns.kube-system.svc.cluster.local:{DOCKERS_NAME_SERVER}"
    return lone_edge(*mounts, host, known_as="gateway.shop.svc.cluster.local")


def arrived(edge: LoneEdge, **headers: str) -> dict[str, str]:
    """Return the headers that a gateway gets of a request that the proxy passes on."""
    told = edge.visitor.get("/", **headers).json()["headers"]
    return {name.title(): value for name, value in told}


def test_a_stranger_is_not_believed(wary: LoneEdge) -> None:
    """Neither the scheme nor the address that he claims.

    This comes first, because both edges want the same network for their own.
    """
    told = arrived(wary, X_Forwarded_Proto="https", X_Forwarded_For=STRANGER)
    assert told["X-Forwarded-Proto"] == "http"
    assert told["X-Forwarded-For"] != STRANGER


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_scheme_is_the_one_that_the_proxy_saw(edge: LoneEdge, scheme: str) -> None:
    assert arrived(edge, X_Forwarded_Proto=scheme)["X-Forwarded-Proto"] == scheme


@pytest.mark.parametrize("claim", ["https, http", "http, https", "ftp", "https x"])
def test_a_scheme_that_is_not_clear_is_not_believed(edge: LoneEdge, claim: str) -> None:
    """A visitor may have sent one too, which a careless proxy passes on."""
    assert arrived(edge, X_Forwarded_Proto=claim)["X-Forwarded-Proto"] == "http"


def test_the_address_is_the_one_that_the_proxy_saw(edge: LoneEdge) -> None:
    """It adds whom it sees at the end; what a visitor wrote stands before that."""
    told = arrived(edge, X_Forwarded_For=f"127.0.0.1, {STRANGER}")
    assert told["X-Forwarded-For"] == STRANGER
    [line] = [line for line in edge.requests() if line["remote"] == STRANGER]
    assert line["status"] == 200


def test_a_page_for_one_scheme_is_not_kept_for_the_other(edge: LoneEdge) -> None:
    """A redirect to https that came back over https would lead in circles."""
    path = "/books/?scheme"
    told = [
        dict(edge.visitor.get(path, X_Forwarded_Proto=scheme).json()["headers"])
        for scheme in ("http", "https", "http", "https")
    ]
    assert [each["X-Forwarded-Proto"] for each in told] == ["http", "https", "http", "https"]


@pytest.mark.parametrize("claim", ["127.0.0.1", "10.1.2.3", STRANGER])
def test_the_metrics_are_not_for_those_who_come_through_the_proxy(
    edge: LoneEdge, claim: str
) -> None:
    """Not even where the proxy's own address is one from inside."""
    assert edge.visitor.get("/metrics", X_Forwarded_For=claim).status == 404
