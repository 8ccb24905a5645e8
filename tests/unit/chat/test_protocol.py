"""What is understood of what a client sends."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.models import MOST_TEXT_BYTES
from gateway.chat.protocol import Close, Ending, Mistake, Ping, Problem, Say, command_of, encoded


def said(text: object, **more: object) -> str:
    return json.dumps({"type": "say", "text": text, **more})


def test_a_message_is_cleaned() -> None:
    assert command_of(said(" a\0\u202eb ", client_id="x-1")) == Say("ab", "x-1")
    assert command_of(said("a", unknown=True)) == Say("a")


def test_a_sign_of_life_is_asked_for() -> None:
    assert command_of('{"type": "ping"}') == Ping()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "x",
        "{}",
        "[]",
        '{"type":"say"}',
        said(5),
        said("a", client_id=""),
        said("a", client_id="ü"),
        said("a", client_id="a\n"),
        said("a", client_id="x" * 65),
        said("\ud800"),
        "[" * 4000,
    ],
)
def test_what_is_none_is_a_mistake(raw: str) -> None:
    with pytest.raises(Mistake) as mistake:
        command_of(raw)
    assert mistake.value.code == "malformed"


def test_a_message_without_anything_to_see_is_a_mistake_that_names_it() -> None:
    with pytest.raises(Mistake) as mistake:
        command_of(said("\u200b", client_id="x"))
    assert (mistake.value.code, mistake.value.client_id) == ("empty", "x")


@pytest.mark.parametrize("sign", ["x", "é", "語", "😀"])
def test_the_text_counts_in_bytes_however_it_is_written(sign: str) -> None:
    most = MOST_TEXT_BYTES // len(sign.encode())
    assert command_of(said(sign * most)) == Say(sign * most)
    with pytest.raises(Ending) as ending:
        command_of(said(sign * (most + 1)))
    assert ending.value.code is Close.TOO_LARGE


def test_nonsense_that_is_too_large_is_too_large() -> None:
    with pytest.raises(Ending):
        command_of("x" * (MOST_TEXT_BYTES + 1))


@given(st.text() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps))
def test_whatever_comes_it_is_a_command_or_refused(raw: str) -> None:
    with contextlib.suppress(Mistake, Ending):
        command_of(raw)


def test_what_is_not_known_is_left_out_of_an_error() -> None:
    assert json.loads(encoded(Problem("empty", "Nothing."))) == {
        "type": "error",
        "code": "empty",
        "sentence": "Nothing.",
    }
