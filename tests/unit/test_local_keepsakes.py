"""What a local start keeps: secrets, the lock against a second start, logs for people."""

import json
import os
from pathlib import Path

import pytest

from deploy.local import environment as rules
from deploy.local import keepsakes, plan
from deploy.local.errors import AlreadyRunning, StartError, tail
from deploy.local.postgres_files import LONGEST_SOCKET_FOLDER, socket_folder


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    first = keepsakes.secret(file, 48)
    assert keepsakes.secret(file, 48) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(first) >= 50


def test_an_empty_secret_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    assert keepsakes.secret(tmp_path / "secret_key", 48)


def test_a_second_start_in_one_folder_is_refused_with_the_first_ones_process(
    tmp_path: Path,
) -> None:
    with (
        keepsakes.sole_start(tmp_path),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"),
        keepsakes.sole_start(tmp_path),
    ):
        pass


def test_a_start_after_the_end_of_the_first_is_welcome(tmp_path: Path) -> None:
    with keepsakes.sole_start(tmp_path):
        keepsakes.note_running(tmp_path, {"REDIS_URL": "redis://x"})
        assert keepsakes.running(tmp_path) == {"REDIS_URL": "redis://x"}
    with keepsakes.sole_start(tmp_path), pytest.raises(StartError, match="just starting"):
        keepsakes.running(tmp_path)


def test_addresses_of_a_killed_start_are_not_believed(tmp_path: Path) -> None:
    (tmp_path / keepsakes.RUNNING).write_text(json.dumps({"REDIS_URL": "redis://gone"}))
    with keepsakes.sole_start(tmp_path), pytest.raises(StartError):
        keepsakes.running(tmp_path)


def test_the_gateway_gets_kept_secrets_unless_the_person_set_others(tmp_path: Path) -> None:
    first = plan.gateway_environment(tmp_path, {}, {})
    assert plan.gateway_environment(tmp_path, {}, {})["SECRET_KEY"] == first["SECRET_KEY"]
    own = plan.gateway_environment(tmp_path, {"SECRET_KEY": "mine"}, {})
    assert own["SECRET_KEY"] == "mine"


def test_a_service_with_an_address_of_its_own_is_not_started(tmp_path: Path) -> None:
    parts = plan.upstream_parts({"PROMO_SERVICE_URL": "http://elsewhere"}, tmp_path)
    assert [part.name for part in parts] == ["recco_service", "standins"]


def test_nothing_stands_in_for_a_world_that_is_given_whole(tmp_path: Path) -> None:
    given = {
        "WEATHER_SERVICE_URL": "http://weather.example",
        "AVATAR_SERVICE_URL": "http://avatars.example",
        "EMAIL_URL_FILE": "/somewhere",
    }
    parts = plan.upstream_parts(given, tmp_path)
    assert [part.name for part in parts] == ["promo_service", "recco_service"]


def test_the_gateway_is_told_what_is_a_stand_in() -> None:
    given = {"AVATAR_SERVICE_URL": "http://avatars.example"}
    assert rules.standin_addresses(given, "http://127.0.0.1:8003", 8025) == {
        "WEATHER_SERVICE_URL": "http://127.0.0.1:8003",
        "EMAIL_URL": "smtp://127.0.0.1:8025",
        "STANDINS": "weather,email",
    }


def test_an_error_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert "line 99" in str(StartError("It failed.", log))
    assert tail(log, 2) == ["line 98", "line 99"]
    assert str(StartError("It failed.", tmp_path / "none.log")) == "It failed."


@pytest.mark.parametrize("name", ["deep/" * 30, "a,b", 'say "x"'])
def test_a_socket_goes_elsewhere_when_the_data_lie_too_deep_or_oddly(name: str) -> None:
    folder = socket_folder(Path("/data") / name)
    assert not str(folder).startswith("/data")
    assert len(str(folder)) <= LONGEST_SOCKET_FOLDER


def test_a_socket_lies_with_the_data_otherwise() -> None:
    assert socket_folder(Path("/data/postgres")) == Path("/data/postgres")
