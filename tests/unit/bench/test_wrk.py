"""What wrk says is read as it is meant."""

import pytest

from tests.bench.pages.wrk import read

SAID = """Running 3s test @ http://127.0.0.1:8000/
  1 threads and 32 connections
  Latency Distribution
     50%    2.50ms
     75%    3.00ms
     90%    4.00ms
     99%    1.20s
  3003 requests in 3.00s, 2.00MB read
{more}Requests/sec:   1001.00
Transfer/sec:      0.66MB
"""


def test_pages_of_a_processor_are_more_than_pages_of_a_clock_where_others_had_the_core() -> None:
    speed = read(SAID.format(more=""), core=0.5)
    assert speed.pages == 1001.0
    assert speed.pages_of_processor == 2002.0


def test_units_of_latency_are_turned_into_milliseconds() -> None:
    speed = read(SAID.format(more=""), core=1.0)
    assert (speed.p50, speed.p99) == (2.5, 1200.0)


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        ("", 0),
        ("  Non-2xx or 3xx responses: 7\n", 7),
        ("  Socket errors: connect 0, read 1, write 0, timeout 2\n", 3),
        (
            "  Socket errors: connect 0, read 1, write 0, timeout 2\n"
            "  Non-2xx or 3xx responses: 7\n",
            10,
        ),
    ],
)
def test_answers_that_are_no_pages_are_counted(more: str, failed: int) -> None:
    assert read(SAID.format(more=more), core=1.0).failed == failed


def test_a_server_that_did_nothing_made_no_pages_of_its_processor() -> None:
    assert read("Requests/sec:      0.00\n", core=0.0).pages_of_processor == 0.0
