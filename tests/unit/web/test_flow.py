"""Bodies and answers flow no faster than the slower end."""

import asyncio

from gateway.server.flow import MOST_WAITING_BYTES, Incoming, Outgoing

BODY, GONE = "http.request", "http.disconnect"


class Valve:
    """Notes what the connection was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.incoming = Incoming(lambda: self.said.append("hold"), lambda: self.said.append("go"))


async def test_the_application_gets_all_that_waits_at_once_and_then_the_end() -> None:
    incoming = Valve().incoming
    incoming.feed(b"a")
    incoming.feed(b"b")
    assert await incoming.receive() == {"type": BODY, "body": b"ab", "more_body": True}
    incoming.end()
    assert await incoming.receive() == {"type": BODY, "body": b"", "more_body": False}


async def test_a_visitor_who_is_too_fast_waits_until_the_application_has_caught_up() -> None:
    valve = Valve()
    valve.incoming.feed(b"x" * MOST_WAITING_BYTES)
    assert valve.said == []
    valve.incoming.feed(b"x")
    valve.incoming.feed(b"x")
    assert valve.said == ["hold"]
    await valve.incoming.receive()
    assert valve.said == ["hold", "go"]


async def test_what_came_before_a_cut_is_handed_on_before_the_cut_is_told() -> None:
    incoming = Valve().incoming
    incoming.feed(b"a")
    incoming.put_nowait({"type": GONE})
    incoming.feed(b"too late")
    assert (await incoming.receive())["body"] == b"a"
    assert (await incoming.receive())["type"] == GONE
    assert (await incoming.receive())["type"] == GONE


async def test_after_the_end_of_a_body_the_application_waits_for_the_visitor_to_go() -> None:
    incoming = Valve().incoming
    incoming.feed(b"a")
    incoming.end()
    assert not (await incoming.receive())["more_body"]
    waiting = asyncio.ensure_future(incoming.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    incoming.put_nowait({"type": GONE})
    assert (await waiting)["type"] == GONE


async def test_an_answer_waits_for_a_slow_visitor() -> None:
    outgoing = Outgoing()
    await outgoing.room()
    outgoing.pauseProducing()
    waiting = asyncio.ensure_future(outgoing.room())
    await asyncio.sleep(0)
    assert outgoing.full
    assert not waiting.done()
    outgoing.resumeProducing()
    await waiting
