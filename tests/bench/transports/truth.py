"""How truthfully each transport reports what went wrong."""

from dataclasses import dataclass

import httpx

from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port, unanswering_port

from .calls import build_transport, failure

_LOST = (httpx.ReadError, httpx.RemoteProtocolError)
_GARBAGE = (httpx.RemoteProtocolError,)
_READ_TIMEOUT = {"timeout": {"connect": 0.2, "read": 0.2, "write": 0.2, "pool": 0.2}}

# What httpx's error tree would call each fault; None: handing the reply over is right as well.
_RIGHT: dict[str, tuple[type[Exception] | None, ...]] = {
    "closed_on_accept": _LOST,
    "closed_before_reply": _LOST,
    "closed_in_headers": _LOST,
    "reset_before_reply": _LOST,
    "reset_in_body": _LOST,
    "closed_in_body": _LOST,
    "content_length_too_long": _LOST,
    "content_length_too_short": (*_GARBAGE, None),
    "conflicting_content_lengths": _GARBAGE,
    "chunked_and_content_length": (*_GARBAGE, None),
    "broken_chunk_size": (*_GARBAGE, httpx.ReadError),
    "garbage_status_line": _GARBAGE,
    "http_09": _GARBAGE,
    "nul_in_header": _GARBAGE,
    "bad_utf8_in_header": (*_GARBAGE, None),
    "many_headers": (*_GARBAGE, None),
    "header_of_9_kib": (*_GARBAGE, None),
    "header_of_70_kib": (*_GARBAGE, None),
    "endless_headers": _GARBAGE,
}


@dataclass(frozen=True)
class Report:
    """What came out of a call, and whether that is what happened."""

    verdict: str  # right, misleading, leaked (an exception that is not httpx's), accepted
    said: str


async def measure_truth(name: str) -> dict[str, Report]:
    """Return what the transport called ``name`` says of each fault."""
    reports = await _unreachable(name)
    for behaviour, right in _RIGHT.items():
        async with MisbehavingUpstream(BEHAVIOURS[behaviour]) as upstream:
            reports[behaviour] = await _asked(name, upstream.url, right)
    async with MisbehavingUpstream(BEHAVIOURS["hangs"]) as upstream:
        right = (httpx.ReadTimeout,)
        reports["hangs, read timeout 0.2 s"] = await _asked(
            name, upstream.url, right, with_read_timeout=True
        )
    return reports


async def _unreachable(name: str) -> dict[str, Report]:
    reports = {}
    refused = (httpx.ConnectError,)
    with refusing_port() as port:
        reports["refused"] = await _asked(name, f"http://127.0.0.1:{port}/", refused)
    # RFC 6761 reserves this name: it never resolves.
    reports["name does not resolve"] = await _asked(name, "http://nobody.invalid/", refused)
    async with unanswering_port() as port:
        hanging = (httpx.ConnectTimeout,)
        reports["connecting hangs"] = await _asked(name, f"http://127.0.0.1:{port}/", hanging)
    return reports


async def _asked(
    name: str,
    url: str,
    right: tuple[type[Exception] | None, ...],
    *,
    with_read_timeout: bool = False,
) -> Report:
    transport = build_transport(name)
    try:
        extensions = _READ_TIMEOUT if with_read_timeout else None
        error = await failure(transport, url, extensions)
    finally:
        await transport.aclose()
    return Report(_verdict(error, right), _chain(error))


def _verdict(error: BaseException | None, right: tuple[type[Exception] | None, ...]) -> str:
    if error is None:
        return "right" if None in right else "accepted"
    if any(kind is not None and isinstance(error, kind) for kind in right):
        return "right"
    return "misleading" if isinstance(error, httpx.HTTPError) else "leaked"


def _chain(error: BaseException | None) -> str:
    """Return the class of the error and of its first causes, without a word of their messages."""
    names: list[str] = []
    while error is not None and len(names) < 3:
        library = type(error).__module__.partition(".")[0].removeprefix("builtins")
        names.append(f"{library}.{type(error).__name__}".lstrip("."))
        error = error.__cause__
    return " ← ".join(names) or "the reply"
