"""The rules of a local start: what is told to whom, and when something is started again."""

import socket

import pytest

from deploy.local import environment as rules
from deploy.local.environment import Port
from deploy.local.errors import StartError
from deploy.local.restarts import FAST_SECONDS, LONGEST_DELAY_SECONDS, MOST_FAST_DEATHS, Deaths


def test_what_the_person_set_wins_over_what_is_filled_in() -> None:
    told = rules.filled({"SECRET_KEY": "mine"}, {"SECRET_KEY": "made", "DEBUG": "false"})
    assert told == {"SECRET_KEY": "mine", "DEBUG": "false"}


def test_a_variable_given_as_a_file_is_given() -> None:
    told = rules.filled({"SECRET_KEY_FILE": "/run/key"}, {"SECRET_KEY": "made"})
    assert "SECRET_KEY" not in told


def test_an_empty_variable_is_not_given() -> None:
    assert rules.filled({"REDIS_URL": ""}, {"REDIS_URL": "redis://x"}) == {"REDIS_URL": "redis://x"}


def test_a_service_listens_where_it_is_told_whatever_the_shell_calls_this_machine() -> None:
    told = rules.service_environment({"HOST": "my-laptop"}, Port(8001, "PROMO_PORT"))
    assert (told["HOST"], told["PORT"]) == ("127.0.0.1", "8001")


def test_the_gateway_is_told_every_address() -> None:
    urls = {"DATABASE_URL": "postgresql://x", "PROMO_SERVICE_URL": "http://y"}
    told = rules.gateway_defaults(urls, "/static")
    assert urls.items() <= told.items()
    assert told["HTTPS_ONLY"] == "false"


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80.5", "٣"])
def test_a_port_that_is_none_is_refused_by_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(StartError, match="GATEWAY_PORT must be a number"):
        rules.port({"GATEWAY_PORT": text}, "GATEWAY_PORT", 8000)


def test_a_port_in_use_is_named_with_the_variable_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {number} is in use.*RECCO_PORT"):
            rules.check_ports([Port(number, "RECCO_PORT")])


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(StartError, match="GATEWAY_PORT and PROMO_PORT are both 8000"):
        rules.check_ports([Port(8000, "GATEWAY_PORT"), Port(8000, "PROMO_PORT")])


def test_every_address_is_reached_over_the_loopback() -> None:
    assert Port(8000, "GATEWAY_PORT", "0.0.0.0").url == "http://127.0.0.1:8000"
    assert Port(8000, "GATEWAY_PORT", "::").url == "http://[::1]:8000"


def test_each_fast_death_doubles_the_wait_up_to_a_bound() -> None:
    record, waits = Deaths(), []
    for _ in range(8):
        record = record.after(lived_seconds=0.1)
        waits.append(record.delay_seconds)
    assert waits[:3] == [0.5, 1.0, 2.0]
    assert waits[-1] == LONGEST_DELAY_SECONDS


def test_fast_deaths_in_a_row_become_hopeless() -> None:
    record = Deaths()
    for _ in range(MOST_FAST_DEATHS):
        assert not record.hopeless
        record = record.after(lived_seconds=0.1)
    assert record.hopeless


def test_a_long_life_clears_the_record() -> None:
    assert Deaths(in_a_row=4).after(lived_seconds=FAST_SECONDS) == Deaths(in_a_row=1)
