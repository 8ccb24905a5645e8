"""What visitors of the stack are told, behind TLS and without: every kind of answer, judged."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.compose.docker import Stack
from tests.compose.lone_edge import NETWORK, LoneEdge, lone_edge
from tests.compose.observatory import judged, prepared
from tests.compose.test_edge_behind_tls import POD_NETWORK, config
from tests.compose.tls_front import Certificate, tls_front
from tests.protection import HOST, KINDS, Kind, ask, stylesheet, weaknesses

pytestmark = pytest.mark.compose

UNREAD = {"a NUL", "too long an address", "no request"}
"""What nginx gives up before it knows by which scheme it came."""
NOBODY = "127.0.0.1:1"
SETTINGS = {
    "SECRET_KEY": "only-for-tests-" + "x" * 40,
    "ALLOWED_HOSTS": f"{HOST},localhost",
    "DATABASE_URL": f"postgres://nobody@{NOBODY}/none",
    "REDIS_URL": f"redis://{NOBODY}/0",
    "PROMO_SERVICE_URL": f"http://{NOBODY}",
    "RECCO_SERVICE_URL": f"http://{NOBODY}",
}
"""A gateway that has nobody: its pages are incomplete, and protect their readers all the same."""


@contextmanager
def edge_before_a_gateway(folder: Path, *, https_only: bool) -> Iterator[LoneEdge]:
    """Start both; we are the proxy that the edge believes."""
    trusted = folder / "trusted.conf"
    trusted.write_text(config()["trusted.conf"].replace(POD_NETWORK, NETWORK), encoding="utf-8")
    trusted.chmod(0o644)
    told = SETTINGS | {"HTTPS_ONLY": str(https_only).lower()}
    environment = [word for pair in told.items() for word in ("--env", "=".join(pair))]
    with lone_edge(
        f"--volume={trusted}:/etc/nginx/trusted.conf:ro",
        behind=(*environment, "page-aggregator/gateway"),
    ) as edge:
        yield edge


@pytest.fixture(scope="module", autouse=True)
def why_not() -> str:
    """Why the Observatory cannot judge here; asked before there is any network of ours."""
    return prepared()


@pytest.fixture
def observatory(why_not: str) -> None:
    """Skip what it cannot judge; where CI is set that is a failure."""
    if why_not:
        pytest.fail(why_not) if os.environ.get("CI") == "true" else pytest.skip(why_not)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.made(tmp_path_factory.mktemp("certificate"))


def test_without_tls_nothing_is_amiss_but_that(
    observatory: None, images: Stack, certificate: Certificate, tmp_path: Path
) -> None:
    """This comes first, because both edges want the same network for their own."""
    with edge_before_a_gateway(tmp_path, https_only=False) as edge:
        verdict = judged(f"localhost:{edge.visitor.port}", certificate.certificate)
    assert verdict.failed <= {"redirection", "strict-transport-security"}


@pytest.fixture(scope="module")
def strict(why_not: str, images: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an edge behind TLS, before a gateway for https alone."""
    with edge_before_a_gateway(tmp_path_factory.mktemp("strict"), https_only=True) as edge:
        yield edge.visitor.port


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_answer_protects_its_reader(strict: int, kind: Kind) -> None:
    answer = ask(strict, kind.request(scheme="https"))
    assert answer.status in kind.statuses
    assert weaknesses(answer, hsts=kind.name not in UNREAD) == []
    assert answer.headers["x-request-id"]


def test_a_file_protects_its_reader(strict: int) -> None:
    kind = stylesheet(ask(strict, KINDS[0].request(scheme="https")))
    answer = ask(strict, kind.request(scheme="https"))
    assert answer.status == 200
    assert weaknesses(answer, hsts=True) == []


@pytest.mark.parametrize("path", ["/", "/signin/"])
def test_the_observatory_gives_the_best_grade_behind_tls(
    observatory: None, strict: int, certificate: Certificate, path: str
) -> None:
    with tls_front(strict, certificate) as port:
        verdict = judged(f"localhost:{port}{path}", certificate.certificate)
    assert verdict.failed == frozenset()
    assert verdict.score >= 100
    assert verdict.grade == "A+"
