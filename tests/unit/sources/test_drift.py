"""What a reply has that no page declares, and what it lacks that a page could show."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from gateway.sources.drift import (
    MOST_FIELDS,
    OTHER,
    TELL_AGAIN_SECONDS,
    Drift,
    Notebook,
    drift_in,
    drift_of,
)
from gateway.storefront.payloads import Promotions, Recommendations

LABEL = re.compile(r"[A-Za-z0-9_.\[\]{}-]{1,200}\Z")


class Leaf(msgspec.Struct):
    """A thing inside of another."""

    id: str
    colour: str = ""


class Circle(msgspec.Struct, tag="circle"):
    """One of two shapes."""

    radius: int = 1


class Square(msgspec.Struct, tag="square"):
    """The other."""

    side: int = 1


class Tree(msgspec.Struct, rename={"nick_name": "nickName"}):
    """A thing with things of every kind inside."""

    name: str
    nick_name: str = ""
    trunk: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    pair: tuple[Leaf, int] | None = None
    by_colour: dict[str, Leaf] = {}
    shape: Circle | Square | None = None
    bare: dict[str, Any] = {}
    children: "list[Tree]" = []


WHOLE: dict[str, Any] = {
    "name": "oak", "nickName": "", "trunk": None, "leaves": [], "pair": None,
    "by_colour": {}, "shape": None, "bare": {}, "children": [],
}  # fmt: skip
TREE = inspect.type_info(Tree)
WHOLE_LEAF = {"id": "1", "colour": "red"}


def drift(**changed: Any) -> set[tuple[str, str]]:
    """Return what is amiss with a tree that is whole but for ``changed``."""
    return {(each.field, each.kind) for each in drift_in(TREE, WHOLE | changed)}


def test_a_reply_that_is_as_declared_has_no_drift() -> None:
    assert drift() == set()
    assert drift(leaves=[WHOLE_LEAF], trunk=WHOLE_LEAF, children=[WHOLE]) == set()


def test_a_field_that_nobody_declared_is_unknown() -> None:
    assert drift(age=300) == {("age", "unknown")}


def test_an_optional_field_that_is_not_there_is_missing() -> None:
    assert drift_in(TREE, {key: WHOLE[key] for key in WHOLE if key != "leaves"}) == (
        Drift("leaves", "missing"),
    )


def test_a_null_is_there() -> None:
    """It is what the type allows it to be; only what is left out is missing."""
    assert drift(trunk=None) == set()


def test_fields_go_by_the_names_that_they_have_in_the_reply() -> None:
    renamed = {("nick_name", "unknown"), ("nickName", "missing")}
    without = {key: WHOLE[key] for key in WHOLE if key != "nickName"}
    assert {(d.field, d.kind) for d in drift_in(TREE, without | {"nick_name": ""})} == renamed


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"trunk": WHOLE_LEAF | {"x": 1}}, "trunk.x"),
        ({"leaves": [WHOLE_LEAF, WHOLE_LEAF | {"x": 1}]}, "leaves[].x"),
        ({"pair": [WHOLE_LEAF | {"x": 1}, 2]}, "pair[].x"),
        ({"by_colour": {"red": WHOLE_LEAF | {"x": 1}}}, "by_colour{}.x"),
        ({"children": [WHOLE | {"children": [WHOLE | {"x": 1}]}]}, "children[].children[].x"),
        ({"shape": {"type": "square", "side": 1, "x": 1}}, "shape.x"),
    ],
)
def test_a_field_goes_by_its_path(changed: Any, path: str) -> None:
    assert drift(**changed) == {(path, "unknown")}


def test_the_tag_of_one_of_several_types_chooses_it_and_is_known() -> None:
    assert drift(shape={"type": "circle", "radius": 1}) == set()
    assert drift(shape={"type": "circle", "side": 1}) == {
        ("shape.side", "unknown"),
        ("shape.radius", "missing"),
    }
    assert drift(shape={"type": "triangle", "x": 1}) == set()


def test_a_type_with_notes_for_its_documentation_is_seen_through() -> None:
    class Noted(msgspec.Struct):
        leaf: msgspec.UnsetType | Leaf = msgspec.UNSET

    wrapped = inspect.Metadata(inspect.type_info(Noted), extra_json_schema={"title": "Noted"})
    assert drift_in(wrapped, {"leaf": WHOLE_LEAF | {"x": 1}}) == (Drift("leaf.x", "unknown"),)


def test_what_is_declared_as_anything_is_not_looked_into() -> None:
    assert drift(bare={"x": {"y": 1}}) == set()


def test_what_many_items_have_in_common_is_said_once() -> None:
    found = drift_in(TREE, WHOLE | {"leaves": [{"id": "1"}] * 40})
    assert found == (Drift("leaves[].colour", "missing"),)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a\nb", "\0", "ä", "a.b", "a[]", '"', "1st", "x" * 41, "{}", "a\u2028", "a\n"],
)
def test_a_name_that_is_not_well_formed_goes_by_no_name(name: str) -> None:
    assert drift(**{name: 1}) == {(OTHER, "unknown")}


@pytest.mark.parametrize("name", ["a", "_", "starts_on", "startsOn", "x-y", "A1", "x" * 40])
def test_a_name_that_is_well_formed_goes_by_itself(name: str) -> None:
    assert drift(**{name: 1}) == {(name, "unknown")}


def test_of_very_many_unknown_fields_the_rest_goes_by_no_name() -> None:
    found = drift_in(TREE, WHOLE | {f"k{number}": 1 for number in range(10_000)})
    assert len(found) == MOST_FIELDS + 1
    assert found[-1] == Drift(OTHER, "unknown")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"x":' + b"9" * 100_000 + b"}",
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["nothing", "half", "no text", "open", "long number", "deep"],
)
def test_what_cannot_be_read_is_an_unknown_field_without_a_name(body: bytes) -> None:
    assert drift_of(TREE, body) in ((Drift(OTHER, "unknown"),), drift_in(TREE, {"x": 1}))


def test_a_reply_of_very_many_values_is_looked_at_in_part() -> None:
    class Row(msgspec.Struct):
        cells: tuple[Leaf, ...]

    declared = inspect.type_info(tuple[tuple[tuple[Leaf, ...], ...], ...])
    row = [[{"id": "1", "x": 1}] * 60] * 60
    assert set(drift_in(declared, [row] * 60)) == {
        Drift("[][][].x", "unknown"),
        Drift("[][][].colour", "missing"),
    }


def _json(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    return st.recursive(
        plain, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=20
    )


_NAMES = st.text() | st.sampled_from([*WHOLE, "id", "type", "banners", "items", "price", "x"])


@settings(max_examples=60, deadline=None)
@given(value=_json(_NAMES))
@pytest.mark.parametrize("payload", [Tree, Promotions, Recommendations, dict[str, Leaf], Any])
def test_whatever_json_it_is_the_answer_is_a_few_well_formed_names(
    payload: Any, value: Any
) -> None:
    found = drift_in(inspect.type_info(payload), value)
    assert len(found) <= MOST_FIELDS + 2
    assert all(each.field == OTHER or LABEL.match(each.field) for each in found)
    assert drift_of(inspect.type_info(payload), msgspec.json.encode(value)) == found


def noted(notebook: Notebook, now: float, *names: str) -> list[tuple[str, bool]]:
    """Return what becomes of unknown fields of those names at ``now``."""
    found = [Drift(name, "unknown") for name in names]
    return [(each.field, news) for each, news in notebook.note(found, now)]


def test_a_field_is_news_once_a_day() -> None:
    notebook = Notebook()
    assert noted(notebook, 0.0, "a") == [("a", True)]
    assert noted(notebook, 10.0, "a", "b") == [("a", False), ("b", True)]
    assert noted(notebook, TELL_AGAIN_SECONDS - 1, "a") == [("a", False)]
    assert noted(notebook, TELL_AGAIN_SECONDS, "a") == [("a", True)]
    assert noted(notebook, TELL_AGAIN_SECONDS + 1, "a") == [("a", False)]


def test_missing_and_unknown_are_two_pieces_of_news() -> None:
    notebook = Notebook()
    found = [Drift("a", "unknown"), Drift("a", "missing")]
    assert [news for _, news in notebook.note(found, 0.0)] == [True, True]


def test_only_so_many_fields_have_a_name_and_they_keep_it() -> None:
    notebook = Notebook(most=2)
    noted(notebook, 0.0, "a", "b")
    assert noted(notebook, 1.0, "c", "d") == [(OTHER, True)]
    assert noted(notebook, 2.0, "e", "a", "f") == [(OTHER, False), ("a", False)]
