"""Reading the environment: a value of the right type, or one sentence that names the variable."""

import math
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.environment import Environment

NAME = "A_SETTING_OF_THE_TESTS"
_numbers = count()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a reader: it takes the value, what to read it as, and what else that wants.

    What stood in a file is remembered for the life of the process, so that each test has a
    variable of its own.
    """
    name = f"{NAME}_{next(_numbers)}"

    def reader(value: str | None, kind: str, *args: Any, **kwargs: Any) -> tuple[Any, list[str]]:
        environment = Environment(dotenv=tmp_path / "none")
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
        return getattr(environment, kind)(name, *args, **kwargs), environment.problems

    reader.name = name  # type: ignore[attr-defined]
    return reader


def _one_sentence(problems: list[str]) -> None:
    (problem,) = problems
    assert problem.startswith(NAME)
    assert problem.endswith(".")
    assert "\n" not in problem


GOOD: list[tuple[str | None, str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("text", "text", (), {}, "text"),
    ("  text  ", "text", (), {}, "text"),
    ("$HOME", "text", (), {}, "$HOME"),
    ("$" + "x" * 40, "secret", (), {"at_least": 32}, "$" + "x" * 40),
    (None, "text", ("default",), {}, "default"),
    ("", "text", ("default",), {}, "default"),
    ("YES", "flag", (), {"default": False}, True),
    ("0", "flag", (), {"default": True}, False),
    (None, "flag", (), {"default": True}, True),
    ("a, b ,,c", "names", (), {}, ["a", "b", "c"]),
    ("80", "number", (1,), {"lowest": 1, "highest": 80}, 80),
    ("0.25", "seconds", (1,), {}, 0.25),
    ("0", "seconds", (1,), {"zero": True}, 0.0),
    ("b", "choice", ("a", ("a", "b")), {}, "b"),
    ("http://promo:8001/", "service", (), {}, "http://promo:8001"),
    ("https://promo.example/base/", "service", (), {}, "https://promo.example/base"),
    ("http://[::1]:8001", "service", (), {}, "http://[::1]:8001"),
    ("redis://:secret@redis:6379/1", "redis", (), {}, "redis://:secret@redis:6379/1"),
]


@pytest.mark.parametrize(("value", "kind", "args", "kwargs", "expected"), GOOD)
def test_a_good_value_is_read(
    read: Any, value: str | None, kind: str, args: Any, kwargs: Any, expected: Any
) -> None:
    assert read(value, kind, *args, **kwargs) == (expected, [])


BAD: list[tuple[str | None, str, tuple[Any, ...], dict[str, Any]]] = [
    (None, "text", (), {}),
    ("   ", "text", (), {}),
    (None, "names", (), {}),
    (None, "secret", (), {"at_least": 32}),
    ("x" * 31, "secret", (), {"at_least": 32}),
    ("maybe", "flag", (), {"default": True}),
    ("81", "number", (1,), {"lowest": 1, "highest": 80}),
    ("-1", "number", (1,), {"lowest": 0, "highest": 80}),
    ("1.5", "number", (1,), {"lowest": 0, "highest": 80}),
    ("٣", "number", (1,), {"lowest": 0, "highest": 80}),
    ("1" * 5_000, "number", (1,), {"lowest": 0, "highest": 80}),
    ("soon", "seconds", (1,), {}),
    ("0", "seconds", (1,), {}),
    ("-1", "seconds", (1,), {"zero": True}),
    ("nan", "seconds", (1,), {"zero": True}),
    ("inf", "seconds", (1,), {}),
    ("1e99", "seconds", (1,), {}),
    ("86401", "seconds", (1,), {}),
    ("c", "choice", ("a", ("a", "b")), {}),
    ("promo:8001", "service", (), {}),
    ("ftp://promo", "service", (), {}),
    ("http://", "service", (), {}),
    ("http://promo:port", "service", (), {}),
    ("http://promo:99999", "service", (), {}),
    ("http://user:secret@promo", "service", (), {}),
    ("http://promo/?query", "service", (), {}),
    ("http://promo/#part", "service", (), {}),
    ("http://[::1", "service", (), {}),
    ("http://pro mo", "service", (), {}),
    ("http://promo\x01", "service", (), {}),
    ("http:// promo", "service", (), {}),
    ("localhost:6379", "redis", (), {}),
    ("http://redis", "redis", (), {}),
    ("redis://[", "redis", (), {}),
    ("redis://redis:port/0", "redis", (), {}),
    ("redis://redis:6379/zero", "redis", (), {}),
    ("redis://", "redis", (), {}),
    ("unix://", "redis", (), {}),
    ("mysql://shop", "database", (), {}),
    ("postgres://[", "database", (), {}),
    ("postgres://user@host:port/shop", "database", (), {}),
    ("shop", "database", (), {}),
    (None, "database", (), {}),
]


@pytest.mark.parametrize(("value", "kind", "args", "kwargs"), BAD)
def test_a_bad_value_is_one_sentence_that_names_the_variable(
    read: Any, value: str | None, kind: str, args: Any, kwargs: Any
) -> None:
    found, problems = read(value, kind, *args, **kwargs)
    _one_sentence(problems)
    assert found is not None


@pytest.mark.parametrize("kind", ["redis", "database"])
def test_an_address_with_a_password_is_not_shown(read: Any, kind: str) -> None:
    _, problems = read("http://user:secret@host:port/x", kind)
    _one_sentence(problems)
    assert "secret" not in problems[0]


def test_a_short_secret_is_not_shown(read: Any) -> None:
    _, problems = read("hunter2", "secret", at_least=32)
    assert "hunter2" not in problems[0]


def test_a_value_may_stand_in_a_file(
    read: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "value").write_text("from a file\n")
    monkeypatch.setenv(f"{read.name}_FILE", str(tmp_path / "value"))
    assert read(None, "text") == ("from a file", [])


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_file_that_cannot_be_read_is_one_sentence(
    read: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "value"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(f"{read.name}_FILE", str(file))
    _one_sentence(read(None, "text")[1])


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    environment = Environment(dotenv=tmp_path / "none")
    environment.text("NOT_THERE_ONE")
    environment.text("NOT_THERE_TWO")
    with pytest.raises(SystemExit) as caught:
        environment.judge()
    assert str(caught.value).count("\n") == 1
    assert "NOT_THERE_ONE" in str(caught.value)
    assert "NOT_THERE_TWO" in str(caught.value)


def test_without_a_problem_there_is_nothing_to_judge(tmp_path: Path) -> None:
    Environment(dotenv=tmp_path / "none").judge()


def test_a_database_is_described_for_django(read: Any) -> None:
    described, problems = read("postgres://ada:pass%40word@db:5433/shop", "database")
    assert problems == []
    assert described["ENGINE"] == "django.db.backends.postgresql"
    assert (described["HOST"], described["PORT"], described["NAME"]) == ("db", 5433, "shop")
    assert (described["USER"], described["PASSWORD"]) == ("ada", "pass@word")


text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


@given(text, st.sampled_from(["service", "redis", "database"]), st.booleans())
def test_no_text_whatever_crashes_the_start(value: str, kind: str, scheme: bool) -> None:
    start = {"service": "http://", "redis": "redis://", "database": "postgres://"}[kind]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NAME, start + value if scheme else value)
        environment = Environment(dotenv=Path("/nonexistent"))
        getattr(environment, kind)(NAME)
    assert len(environment.problems) <= 1


@given(text)
def test_no_text_is_a_wrong_number_of_seconds(value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NAME, value)
        seconds = Environment(dotenv=Path("/nonexistent")).seconds(NAME, 1.0, zero=True)
    assert 0 <= seconds <= 86_400
    assert math.isfinite(seconds)
