"""The line of each request: one line of JSON whatever is in it, and many in one piece."""

import asyncio
import json

from gateway.telemetry.lines import Answered, RequestLines


def answered(path: str) -> Answered:
    return Answered("request-1", "0" * 32, "GET", path, 200, 1.5)


async def test_the_first_of_a_turn_is_written_at_once_and_the_others_together() -> None:
    written: list[str] = []
    lines = RequestLines(written.append)
    for path in ("/a", "/b", "/c"):
        lines.add(answered(path))
    assert len(written) == 1
    await asyncio.sleep(0)
    assert len(written) == 2
    told = [json.loads(line)["path"] for line in "".join(written).splitlines()]
    assert told == ["/a", "/b", "/c"]
    lines.add(answered("/d"))
    assert len(written) == 3


def test_without_a_loop_each_is_written_at_once() -> None:
    written: list[str] = []
    lines = RequestLines(written.append)
    lines.add(answered("/a"))
    lines.add(answered("/b"))
    assert len(written) == 2


def test_nothing_in_a_path_begins_another_line() -> None:
    written: list[str] = []
    odd = '/a\r\n{"event": "forged"}\u2028\u0085\x00"\\é'
    RequestLines(written.append).add(answered(odd))
    (line,) = "".join(written).splitlines()
    assert json.loads(line)["path"] == odd
    assert line.isascii()
