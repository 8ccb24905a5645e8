"""Whether a reply is what was asked for: in words, and by the gateway's own door, which counts."""

import json
from collections import Counter
from typing import Any

import httpx
import msgspec

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.aggregation.source import Call
from gateway.contracts.asking import Exchange
from gateway.contracts.bodies import faults, shortened, told
from gateway.contracts.findings import Finding
from gateway.sources.http import JSON, Endpoint, http_source

PROBLEM = "application/problem+json"
_REPLAY_SECONDS = 5.0


class _Replay(httpx.AsyncBaseTransport):
    """Answers with what came already, so that the door judges the very same bytes."""

    def __init__(self, came: Exchange) -> None:
        self._came = came

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(self._came.body)
        return httpx.Response(self._came.status, headers=self._came.headers, stream=stream)


async def refused_at_the_door(endpoint: Endpoint, came: Exchange) -> str:
    """Return why the gateway's own source would not take this reply; nothing if it does."""
    source = http_source(endpoint, "http://service", _Replay(came))
    try:
        await source(Call(Deadline.after(_REPLAY_SECONDS)))
    except SourceError as error:
        return shortened(error.detail or error.reason, 200)
    return ""


def parsed(body: bytes) -> tuple[Any, str]:
    """Return the JSON of a body, and what is wrong with it where it is none."""
    if not body.strip():
        return None, "is empty"
    try:
        text = body.decode()
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once), ""
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except RecursionError:
        return None, "is nested too deeply to be read"
    except _NamedTwice as error:
        return None, str(error)
    except ValueError as error:
        return None, f"is no JSON: {shortened(str(error), 100)}"


class _NamedTwice(ValueError):
    """A name stands twice in one object: readers differ in which of the two they take."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise _NamedTwice(f"names {shortened(twice)} twice in one object (RFC 8259, 4)")
    return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON (RFC 8259, 6)")


async def judged_success(endpoint: Endpoint, came: Exchange) -> tuple[Any, tuple[Finding, ...]]:
    """Return the value of a 200, and what is wrong with it; None where it cannot be read."""
    found = list(_framing(came, JSON))
    if any(each.where == "Content-Encoding" for each in found):
        return None, tuple(found)  # What is packed is not unpacked here: it may be a bomb.
    value, unreadable = parsed(came.body)
    if unreadable:
        return None, (*found, Finding("body", unreadable))
    found += faults(value, endpoint.payload)
    refusal = await refused_at_the_door(endpoint, came)
    if refusal and not any(not each.remark for each in found):
        # The two judges must agree; the door's word counts.
        found.append(Finding("body", f"the gateway would not take it: {refusal}"))
    fulfils = not any(not each.remark for each in found)
    return (value if fulfils or isinstance(value, dict) else None), tuple(found)


class _Problem(msgspec.Struct, frozen=True):
    """RFC 9457, 3.1: a problem that can be told; ``type`` and ``detail`` may be left out."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""


def judged_problem(came: Exchange) -> tuple[Finding, ...]:
    """Return what is wrong with an error's reply as problem details (RFC 9457)."""
    found = list(_framing(came, PROBLEM))
    value, unreadable = parsed(came.body)
    if unreadable:
        return (*found, Finding("body", unreadable))
    if not isinstance(value, dict):
        return (*found, Finding("body", f"must be an object, and is {told(value)}"))
    given = {name: value[name] for name in _Problem.__struct_fields__ if name in value}
    found += [
        Finding(each.where, each.said)
        for each in faults({"type": "about:blank", "detail": "", **given}, _Problem)
    ]
    status = value.get("status")
    if isinstance(status, int) and status != came.status:
        found.append(Finding("status", f"says {status} in a reply of status {came.status}"))
    return tuple(found)


def _framing(came: Exchange, wanted: str) -> list[Finding]:
    """Hold a reply's content type and encoding against what was asked for."""
    found = []
    given = came.headers.get("Content-Type", "")
    kind, _, parameters = given.partition(";")
    if kind.strip().lower() != wanted:
        found.append(Finding("Content-Type", f"must be {wanted}, and is {_or_none(given)}"))
    charset = parameters.lower().partition("charset=")[2].strip("\"' ;")
    if charset and charset not in ("utf-8", "utf8"):
        found.append(Finding("Content-Type", f"names charset {shortened(charset)}; JSON is UTF-8"))
    encoding = came.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        said = f"is {shortened(encoding)}, and Accept-Encoding asked for identity"
        found.append(Finding("Content-Encoding", said))
    return found


def _or_none(given: str) -> str:
    return shortened(given) if given else "missing"
