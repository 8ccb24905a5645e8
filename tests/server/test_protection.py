"""Every kind of answer protects its reader, whoever gives it: page, file, refusal, redirect."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.web.refusals import refusal
from tests.live import Server, Shop
from tests.protection import HOST, KINDS, SAID, Kind, ask, drawing, stylesheet, weaknesses


@pytest.fixture(scope="module")
def strict(shop: Shop) -> Iterator[Server]:
    """A gateway for https alone."""
    hosts = f"{HOST},127.0.0.1"
    with shop.another_gateway(HTTPS_ONLY="true", ALLOWED_HOSTS=hosts) as gateway:
        yield gateway


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_answer_protects_its_reader(strict: Server, kind: Kind) -> None:
    answer = ask(strict.port, kind.request(scheme="https"))
    assert answer.status in kind.statuses
    assert weaknesses(answer, hsts=kind.by_django) == []


def test_a_file_protects_its_reader(strict: Server) -> None:
    kind = stylesheet(ask(strict.port, KINDS[0].request(scheme="https")))
    answer = ask(strict.port, kind.request(scheme="https"))
    assert answer.status == 200
    assert weaknesses(answer, hsts=False) == []


def test_a_drawing_protects_its_reader(strict: Server) -> None:
    kind = drawing(ask(strict.port, KINDS[0].request(scheme="https")))
    answer = ask(strict.port, kind.request(scheme="https"))
    assert answer.status == 200
    assert weaknesses(answer, hsts=True) == []


def test_a_cookie_is_for_https_alone_and_for_no_script(strict: Server) -> None:
    form = next(kind for kind in KINDS if kind.name == "a form")
    answer = ask(strict.port, form.request(scheme="https"))
    assert [cookie.split("=")[0] for cookie in answer.cookies] == ["csrftoken"]
    assert weaknesses(replace(answer, cookies=("csrftoken=x; Secure",)), hsts=True) == [
        "csrftoken is not httponly",
        "csrftoken is not samesite=lax",
    ]


def test_by_http_there_is_nothing_but_the_way_to_https(strict: Server) -> None:
    """HSTS is not said where it could be forged (RFC 6797, 7.2)."""
    answer = ask(strict.port, KINDS[0].request(scheme="http"))
    assert answer.status == 301
    assert answer.headers["location"] == f"https://{HOST}/"
    assert weaknesses(answer, hsts=False) == []


@pytest.mark.parametrize("path", ["/", "/api/home"])
def test_a_refusal_at_the_door_says_the_same(path: str) -> None:
    said = {name.decode(): value.decode() for name, value in refusal(path).headers}
    assert {name: said[name] for name in SAID} == SAID
    assert "default-src 'none'" in said["content-security-policy"]
