"""The command that people and build servers run: exit codes, report, JUnit, and what it needs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from gateway.contracts import pactfiles
from gateway.contracts.command import BROKEN, KEPT, UNREACHABLE, main
from tests.contract.foreign import Answer, Asked, Service, other_promo, plain_promo, plain_recco
from tests.contract.own import REPOSITORY
from tests.contract.threaded import served_in_a_thread

NOWHERE = "http://127.0.0.1:1"


def broken_promo(asked: Asked) -> Answer:
    """A promotions service that forgot the headlines."""
    answer = plain_promo(asked)
    if answer.status == 200:
        for banner in answer.value["banners"]:
            del banner["headline"]
    return answer


@pytest.mark.parametrize(
    ("promo", "recco", "code"),
    [
        (plain_promo, plain_recco, KEPT),
        (other_promo, None, KEPT),
        (None, plain_recco, KEPT),
        (broken_promo, plain_recco, BROKEN),
        (NOWHERE, plain_recco, UNREACHABLE),
        (broken_promo, NOWHERE, BROKEN),
    ],
    ids=["both kept", "one alone", "the other alone", "broken", "nobody there", "broken counts"],
)
def test_the_exit_code_says_how_the_trial_ended(
    promo: Service | str | None, recco: Service | str | None, code: int
) -> None:
    arguments = ["verify"]
    with served_in_a_thread() as serve:
        for flag, service in (("--promo", promo), ("--recco", recco)):
            if service is not None:
                arguments += [flag, service if isinstance(service, str) else serve(service)]
        assert main(arguments) == code


def test_the_report_names_question_answer_and_part(capsys: pytest.CaptureFixture[str]) -> None:
    with served_in_a_thread() as serve:
        url = serve(broken_promo)
        assert main(["verify", "--promo", url]) == BROKEN
    said = capsys.readouterr().out
    assert f"asked     GET {url}/v1/promotions?on=2026-11-20" in said
    assert "expected  200 application/json with on, campaign, banners" in said
    assert "came      200 application/json" in said
    assert "WRONG     banners[0].headline: is missing" in said
    assert "(and 1 more of this field)" in " ".join(said.split())
    assert "needed by the front table, at the top of the home page" in said
    assert "promo: BROKEN." in said
    assert "- banners[0].headline: is missing" in said
    assert "What visitors see of it:" in said
    assert said.isascii()
    assert "\033" not in said, "colours are for terminals"


def test_junit_tells_the_same(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    with served_in_a_thread() as serve:
        promo, recco = serve(broken_promo), serve(plain_recco)
        main(["verify", "--promo", promo, "--recco", recco, "--junit", str(file)])
    suites = {suite.get("name"): suite for suite in Xml.parse(file).getroot()}  # noqa: S314
    assert suites.keys() == {"promo", "recco"}
    assert int(suites["promo"].get("failures", "")) > 0
    assert suites["recco"].get("failures") == "0"
    assert int(suites["recco"].get("skipped", "")) > 0
    failure = next(suites["promo"].iter("failure"))
    assert "banners[0].headline" in failure.get("message", "")


@pytest.mark.parametrize(
    "url",
    ["localhost:8001", "ftp://127.0.0.1", "http://me:secret@127.0.0.1", "http://a b", "http:"],
)
def test_what_is_no_address_is_told_in_one_sentence(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--promo", url]) == UNREACHABLE
    said = capsys.readouterr().err
    assert "is no address of the promo service" in said
    assert said.count("\n") == 1


def test_the_report_for_machines_makes_its_own_folder(tmp_path: Path) -> None:
    file = tmp_path / "build" / "report.xml"
    with served_in_a_thread() as serve:
        assert main(["verify", "--promo", serve(plain_promo), "--junit", str(file)]) == KEPT
    assert file.read_bytes().startswith(b"<?xml")


def test_a_report_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--promo", NOWHERE, "--junit", str(tmp_path)]) == UNREACHABLE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"The report cannot be written to {str(tmp_path)!r}: Is a directory.\n"


def test_without_any_contract_file_the_trial_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pactfiles, "FOLDER", tmp_path)
    with served_in_a_thread() as serve:
        assert main(["verify", "--promo", serve(plain_promo)]) == BROKEN
    assert "is not there" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"provider": {"name": "x"}, "interactions": []}'])
def test_a_contract_file_that_cannot_be_read_is_told_in_one_sentence(
    text: str, tmp_path: Path
) -> None:
    pactfiles.path_of("promo_service", tmp_path).write_text(text)
    with pytest.raises(pactfiles.ContractFileError, match=r"^The contract file .*\.$"):
        pactfiles.interactions("promo_service", tmp_path)


def alone(*arguments: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a module as a person would, with nothing but this environment."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_our_own_services_are_started_tried_and_ended() -> None:
    done = alone("tests.contract", environment={})
    assert done.returncode == KEPT, done.stdout + done.stderr
    assert "promo: keeps its contract." in done.stdout
    assert "recco: keeps its contract." in done.stdout
    assert done.stderr == ""


def test_the_image_needs_neither_pact_nor_a_database_nor_secrets() -> None:
    blocked = "import sys; sys.modules['pact'] = sys.modules['pact_ffi'] = None; "
    code = f"{blocked}from gateway.contracts.command import main; sys.exit(main(['verify']))"
    with served_in_a_thread() as serve:
        addresses = {
            "PROMO_SERVICE_URL": serve(plain_promo),
            "RECCO_SERVICE_URL": serve(plain_recco),
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], **addresses},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == KEPT, done.stdout + done.stderr
