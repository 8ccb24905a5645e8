"""Fault by source: Redis holds what it should not. Nobody ever sees it, and it does no harm."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import redis

from deploy.local.process import wait_until
from tests.faults.behaviours import spoiled
from tests.faults.stand import Stand
from tests.faults.trial import Expected, live_through

HOUR = 3600.0
SOON_SECONDS = 2.0
HUGE_BYTES = 4 * 1024 * 1024
ENTRY_READS = ("GET", "GETRANGE")
SWITCH_READS = ("HGETALL",)
"""What every gateway looks up now and then: faults on purpose, and purges."""

Poison = Callable[[bytes], bytes]
_CANARIES = spoiled("promo", headline="canary")


def _changed(change: Callable[[Any], Any]) -> Poison:
    """Return a poison that is a real entry, of which ``change`` has touched every part."""

    def poison(entry: bytes) -> bytes:
        return msgspec.msgpack.encode([change(part) for part in msgspec.msgpack.decode(entry)])

    return poison


def _moved(seconds: float) -> Poison:
    """Return a real entry from another time, with a value that must not be shown."""
    now = time.time()

    def change(part: Any) -> Any:
        if isinstance(part, float) and abs(part - now) < 24 * HOUR:
            return part + seconds
        return _canary(part)

    return _changed(change)


def _canary(part: Any) -> Any:
    return _CANARIES if isinstance(part, dict) and "banners" in part else part


POISONS: dict[str, Poison] = {
    "nothing": lambda entry: b"",
    "garbage": lambda entry: b"\xc1canary\x00\xff" * 10,
    "JSON": lambda entry: msgspec.json.encode(_CANARIES),
    "a pickle": lambda entry: b"cos\nsystem\n(S'echo canary'\ntR.",
    "half an entry": lambda entry: entry[:-20],
    "an entry with an end": lambda entry: entry + b"canary",
    "an old format": _changed(lambda part: 1 if isinstance(part, int) else _canary(part)),
    "a format to come": _changed(lambda part: 99 if isinstance(part, int) else _canary(part)),
    "another payload": _changed(lambda part: {"canary": 1} if isinstance(part, dict) else part),
    "no times": _changed(lambda part: math.nan if isinstance(part, float) else _canary(part)),
    "endless times": _changed(lambda part: math.inf if isinstance(part, float) else _canary(part)),
    "times of the future": _moved(48 * HOUR),
    "times long past": _moved(-48 * HOUR),
    "deep nesting": lambda entry: b"\x91" * 100_000 + b"\x90",
    "a length that lies": lambda entry: b"\xdd\xff\xff\xff\xff",
    "very much": lambda entry: b"\xc6\x00\x40\x00\x00" + b"c" * HUGE_BYTES,
}


@pytest.mark.parametrize("what", POISONS)
def test_a_poisoned_entry_is_never_shown(
    cached_stand: Stand, operator: redis.Redis, what: str
) -> None:
    keys = _keys_read(cached_stand, operator, ENTRY_READS)
    assert len(keys) >= 2, "a page does not ask the shared cache for what it keeps no longer"
    entries = {key: operator.get(key) or b"" for key in keys}

    @contextmanager
    def poisoned() -> Iterator[None]:
        for key, entry in entries.items():
            operator.set(key, POISONS[what](entry or _made_up()))
        yield
        _ask_until_read(cached_stand, operator)

    live_through(
        cached_stand, cached_stand.stranger, poisoned(), Expected(fault=f"Redis holds {what}")
    )


@pytest.mark.parametrize("reads", [ENTRY_READS, SWITCH_READS], ids=["entries", "switches"])
@pytest.mark.parametrize("what", ["a list", "a text", "a hash"])
def test_a_key_of_another_type_does_no_harm(
    cached_stand: Stand, operator: redis.Redis, what: str, reads: tuple[str, ...]
) -> None:
    keys = _keys_read(cached_stand, operator, reads)

    @contextmanager
    def of_another_type() -> Iterator[None]:
        for key in keys:
            operator.delete(key)
            _TYPED[what](operator, key)
        try:
            yield
            _ask_until_read(cached_stand, operator)
        finally:
            operator.delete(*keys)

    title = f"Redis holds {what} for {'entries' if reads is ENTRY_READS else 'switches'}"
    live_through(cached_stand, cached_stand.stranger, of_another_type(), Expected(fault=title))


_TYPED: dict[str, Callable[[redis.Redis, bytes], object]] = {
    "a list": lambda operator, key: operator.rpush(key, "canary"),
    "a text": lambda operator, key: operator.set(key, "canary"),
    "a hash": lambda operator, key: operator.hset(key, "promo", "canary\x00\xff"),
}


def _ask_until_read(stand: Stand, operator: redis.Redis) -> None:
    """Ask for the page, which must be whole each time, until Redis has been read for it."""
    assert _keys_read(stand, operator, ENTRY_READS)


def _keys_read(stand: Stand, operator: redis.Redis, reads: tuple[str, ...]) -> set[bytes]:
    """Return the keys that pages read; those pages must be whole."""
    keys: set[bytes] = set()

    def both_read() -> bool:
        page = stand.stranger.ask()
        assert page.complete, page.marks
        assert page.parts == stand.stranger.whole.parts
        operator.ping()
        while (command := monitor.next_command()["command"].split())[0] != "PING":
            if command[0] in reads:
                keys.add(command[1].encode())
        return len(keys) >= 2

    with operator.monitor() as monitor:
        wait_until(both_read, SOON_SECONDS)
    return keys


def _made_up() -> bytes:
    """Return an entry for where none is left."""
    now = time.time()
    return msgspec.msgpack.encode([1, now, now + HOUR, now + HOUR, _CANARIES])
