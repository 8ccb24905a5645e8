"""A connection on Twisted whose visitor takes nothing in: he is not read from meanwhile."""

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from gateway.server.channel import BoundedChannel
from gateway.server.terms import MOST_HELD_BYTES


@pytest.fixture
def channel() -> Any:
    channel: Any = BoundedChannel()
    channel.factory = SimpleNamespace(server=SimpleNamespace(draining=False))
    channel.setTimeout = lambda period: None
    channel.timeOut = None
    channel.makeConnection(StringTransport())
    return channel


def test_what_is_kept_is_read_on_with_only_when_what_was_sent_is_taken_in(
    channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(channel, "dataReceived", read.append)
    channel.hold(b"what came behind")
    channel.pauseProducing()
    channel.go_on()
    assert read == []
    assert channel.held == b"what came behind"
    assert channel.transport.producerState == "paused"


async def test_who_has_sent_enough_is_not_read_from_because_his_answer_goes_on(
    channel: Any,
) -> None:
    channel.exchange = object()
    channel.keep(b"x" * (MOST_HELD_BYTES + 1))
    assert channel.transport.producerState == "paused"
    channel.pauseProducing()
    channel.resumeProducing()
    assert channel.transport.producerState == "paused"


async def test_a_request_that_waits_for_its_transport_takes_in_no_more_behind_it(
    channel: Any,
) -> None:
    channel._handlingRequest = True
    channel.pauseProducing()
    channel.rawDataReceived(b"x" * MOST_HELD_BYTES)
    assert channel.transport.producerState == "producing"
    channel.rawDataReceived(b"x")
    assert channel.transport.producerState == "paused"
