"""What comes of each way in which an upstream can misbehave: one word, in time, and no memory."""

import pytest

from gateway.sources.transports import CONNECT_TIMEOUT_SECONDS
from tests.integration.sources.asking import (
    DEFAULT,
    SLACK_SECONDS,
    TRANSPORTS,
    call,
    result_of,
    source_at,
    transport,
    watched_memory,
)
from tests.misbehaving import (
    BEHAVIOURS,
    GOOD_VALUE,
    MisbehavingUpstream,
    alternate,
    refusing_port,
    unanswering_port,
)

OUTCOMES = {
    "good": "ok",
    "good_once": "ok",
    "closes_on_second_request": "ok",
    "hangs": "timeout",
    "headers_trickle": "timeout",
    "body_trickles": "timeout",
    "closed_on_accept": "disconnected",
    "closed_before_reply": "disconnected",
    "closed_in_headers": "disconnected",
    "closed_in_body": "disconnected",
    "reset_before_reply": "disconnected",
    "reset_in_body": "disconnected",
    "content_length_too_long": "disconnected",
    "content_length_too_short": "protocol",
    "negative_content_length": "protocol",
    "conflicting_content_lengths": "protocol",
    "chunked_and_content_length": "protocol",
    "broken_chunk_size": "protocol",
    "chunk_longer_than_its_size": "protocol",
    "garbage_status_line": "protocol",
    "http_09": "protocol",
    "http2_preface": "protocol",
    "nul_in_header": "protocol",
    "bad_utf8_in_header": "ok",
    "no_content": "status",
    "partial_content": "status",
    "not_modified": "status",
    "switches_protocols": "status",
    "unknown_encoding": "protocol",
    "endless_body": "too-large",
    "endless_body_until_close": "too-large",
    "big_body": "too-large",
    "gzip_bomb": "too-large",
    "gzip_unasked": "ok",
    "many_headers": "protocol",
    "endless_headers": "protocol",
    "header_of_9_kib": "protocol",
    "header_of_70_kib": "protocol",
    "endless_status_line": "protocol",
    "informational_flood": "protocol",
    "endless_chunk_extension": "timeout",
    "endless_trailers": "protocol",
    "not_json": "payload",
    "half_json": "payload",
    "html": "content-type",
    "empty_body": "payload",
    "null": "payload",
    "wrong_schema": "payload",
    "wrong_types": "payload",
    "nan": "payload",
    "deep_nesting": "payload",
    "huge_integer": "payload",
    "duplicate_keys": "payload",
    "bad_utf8": "payload",
    "lone_surrogate": "payload",
    "nul": "payload",
    "wrong_content_type": "content-type",
    "no_content_type": "content-type",
    "redirect_loop": "status",
    "redirect_to_metadata": "status",
    "server_error": "status",
    "five_hundred_once": "status",
    "not_found": "status",
    "retry_after_for_ever": "status",
    "odd_status": "status",
    "set_cookie": "ok",
}
"""What the source says of each behaviour over the transport that is used unless told otherwise."""

ELSEWHERE = {
    "httpcore": {
        # It waits for more of a line that does not look like HTTP, until the connection closes.
        "http_09": "disconnected",
        # It drops what comes after the body, and lets the length that is named twice pass.
        "content_length_too_short": "payload",
        "chunked_and_content_length": "ok",
        "switches_protocols": "protocol",
        # It takes headers of up to 100 KiB together.
        "many_headers": "ok",
        "header_of_9_kib": "ok",
        "header_of_70_kib": "ok",
        "endless_chunk_extension": "protocol",
        # It reads one interim reply after another.
        "informational_flood": "timeout",
    },
    "pyreqwest": {
        "content_length_too_short": "payload",
        "chunked_and_content_length": "ok",
        "bad_utf8_in_header": "protocol",
        "header_of_9_kib": "ok",
        "header_of_70_kib": "ok",
        "endless_chunk_extension": "protocol",
    },
}
"""Where the other transports end differently."""

CASES = [
    (behaviour, name)
    for behaviour in OUTCOMES
    for name in TRANSPORTS
    # What pyreqwest is told to stop goes on in a thread of its own, and would take the processor
    # from every test that follows: docs/decisions/0002-http-transport.md.
    if (behaviour, name) != ("informational_flood", "pyreqwest")
]

ALSO = {"endless_trailers": "disconnected"}
"""What else is true: where we hang up on a flood, either side may be the first to say why."""

PARSING_SECONDS = 0.5
"""Slack where a flood is parsed to the last moment: that holds up the loop on a busy machine."""

SILENT_SECONDS = 0.3
"""The time limit where nothing but it can end the call."""

FLOODS = (
    "endless_body",
    "endless_body_until_close",
    "big_body",
    "gzip_bomb",
    "endless_headers",
    "endless_status_line",
    "informational_flood",
    "endless_chunk_extension",
    "endless_trailers",
)
MOST_MEGABYTES = 10.0


def _expected(name: str, behaviour: str) -> str:
    return ELSEWHERE.get(name, {}).get(behaviour, OUTCOMES[behaviour])


def test_every_way_of_misbehaving_has_an_outcome() -> None:
    """The flapping one is not in the table: it has two outcomes, and a test of its own."""
    assert set(OUTCOMES) | {"flapping"} == set(BEHAVIOURS)


@pytest.mark.parametrize(("behaviour", "name"), CASES)
async def test_a_misbehaving_upstream_is_named_in_one_word_and_in_time(
    behaviour: str, name: str, misbehaving_urls: dict[str, str]
) -> None:
    """No exception but a ``SourceError`` comes out, whatever the upstream and the transport do."""
    expected = _expected(name, behaviour)
    seconds = SILENT_SECONDS if expected == "timeout" else 3.0
    async with transport(name) as ours:
        source = source_at(misbehaving_urls[behaviour], ours, seconds)
        result = await result_of(source(call()))
    assert result.word in {expected, ALSO.get(behaviour, expected)}
    slack = PARSING_SECONDS if behaviour == "informational_flood" else SLACK_SECONDS
    assert result.seconds < seconds + slack


@pytest.mark.parametrize("behaviour", [name for name, word in OUTCOMES.items() if word == "ok"])
async def test_a_good_value_comes_through_whole(
    behaviour: str, misbehaving_urls: dict[str, str]
) -> None:
    async with transport() as ours:
        result = await result_of(source_at(misbehaving_urls[behaviour], ours)(call()))
    assert result.reply is not None
    assert result.reply.value.items == GOOD_VALUE["items"]


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_flapping_upstream_fails_only_where_it_flaps(name: str) -> None:
    """The default transport asks once more, and so does not even notice."""
    in_turns = alternate(BEHAVIOURS["good_once"], BEHAVIOURS["closed_before_reply"])
    async with MisbehavingUpstream(in_turns) as upstream, transport(name) as ours:
        source = source_at(upstream.url, ours)
        words = [(await result_of(source(call()))).word for _ in range(6)]
    assert set(words) <= {"ok", "disconnected"}
    assert words.count("ok") >= 3


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_an_upstream_that_refuses_is_called_refused(name: str) -> None:
    with refusing_port() as port:
        async with transport(name) as ours:
            for host in ("127.0.0.1", "localhost"):
                source = source_at(f"http://{host}:{port}", ours)
                assert (await result_of(source(call()))).word == "refused"


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_name_without_an_address_is_called_unresolved(name: str) -> None:
    """RFC 6761 reserves the name: it never resolves."""
    async with transport(name) as ours:
        source = source_at("http://nobody.invalid", ours)
        assert (await result_of(source(call()))).word == "unresolved"


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_an_upstream_that_does_not_accept_is_called_unreachable(name: str) -> None:
    async with unanswering_port() as port, transport(name, CONNECT_TIMEOUT_SECONDS) as ours:
        result = await result_of(source_at(f"http://127.0.0.1:{port}", ours, 1.0)(call()))
    assert result.word == "unreachable"
    assert result.seconds < 1.0 + SLACK_SECONDS


@pytest.mark.parametrize("behaviour", FLOODS)
async def test_a_flood_is_not_kept_in_memory(
    behaviour: str, misbehaving_urls: dict[str, str]
) -> None:
    async with transport() as ours:
        await source_at(misbehaving_urls["good"], ours)(call())
        source = source_at(misbehaving_urls[behaviour], ours, SILENT_SECONDS)
        with watched_memory() as memory:
            for _ in range(3):
                await result_of(source(call()))
    assert memory.grown < MOST_MEGABYTES


@pytest.mark.parametrize("name", [name for name in TRANSPORTS if name != DEFAULT])
@pytest.mark.parametrize("behaviour", ["endless_body", "gzip_bomb"])
async def test_the_other_transports_keep_no_flood_either(
    behaviour: str, name: str, misbehaving_urls: dict[str, str]
) -> None:
    async with transport(name) as ours:
        await source_at(misbehaving_urls["good"], ours)(call())
        source = source_at(misbehaving_urls[behaviour], ours)
        with watched_memory() as memory:
            assert (await result_of(source(call()))).word == "too-large"
    assert memory.grown < MOST_MEGABYTES
