"""What of a path stands in a log."""

import re

import pytest

from deploy.local.process import REPOSITORY
from gateway.web.paths import MOST_LOGGED, SIGNED, loggable

WORD = "eJyLVsrNLy5JLE4FAA-_.:1xWzx7"


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/", "/"),
        ("/books/", "/books/"),
        ("/certificates/", "/certificates/"),
        (f"/join/open/{WORD}/", "/join/open/-/"),
        (f"/certificates/{WORD}.pdf", "/certificates/-"),
        (f"/certificates/{WORD}/", "/certificates/-/"),
        (f"/avatars/{WORD}", "/avatars/-"),
        (f"/nowhere/{WORD}/", f"/nowhere/{WORD}/"),
        ("/" + "x" * 500, "/" + "x" * (MOST_LOGGED - 1)),
    ],
)
def test_a_signed_word_is_left_out(path: str, logged: str) -> None:
    assert loggable(path) == logged


def test_the_edge_leaves_out_the_same() -> None:
    said = (REPOSITORY / "deploy/nginx/log.conf").read_text("utf-8")
    found = re.search(r"\(\?<room>/\(([^)]+)\)/\)", said)
    assert found
    assert {f"/{room}/" for room in found[1].split("|")} == set(SIGNED)
