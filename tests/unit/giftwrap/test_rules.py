"""What is wrapped, and in which words."""

import pytest

from gateway.giftwrap.rules import DONE, MOST_LETTERS, BadOrder, order, said, sentence


def wrapping(*items: str, ribbon: str = "") -> str:
    """The sentence for what stands in the address."""
    return sentence(order(items, ribbon).items)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("a", "Wrapping a"),
        ("a,b", "Wrapping a and b"),
        ("a,b,c", "Wrapping a, b, and c"),
        ("", "Wrapping a surprise"),
        (" , ,,\t", "Wrapping a surprise"),
        (" a ,  b  c ,", "Wrapping a and b c"),
        ("a,A,b,a", "Wrapping a and b"),
        ("a\x00b\r\nSet-Cookie: x", "Wrapping ab Set-Cookie: x"),
        ("نامه,王小明,👩‍👩‍👧", "Wrapping نامه, 王小明, and 👩‍👩‍👧"),
        ("\u202eevil\u2066", "Wrapping evil"),
        ("a,b,c,d,e,f", "Wrapping a, b, c, d, e, and f"),
        ("a,b,c,d,e,f,g,h", "Wrapping a, b, c, d, e, and 3 more"),
    ],
)
def test_a_sentence_names_the_items(items: str, told: str) -> None:
    assert wrapping(items) == told


def test_items_may_be_named_one_by_one() -> None:
    assert wrapping("a", "b,c") == "Wrapping a, b, and c"


def test_a_long_name_is_cut_but_never_inside_a_letter() -> None:
    (name,) = order(["x" * 58 + "e\u0323\u0300" * 9], "").items
    assert len(name) <= MOST_LETTERS
    assert name == "x" * 58 + "…"


def test_too_many_things_are_refused_with_the_number() -> None:
    with pytest.raises(BadOrder, match="at most 50 things at a time, and that is 51"):
        order([",".join(map(str, range(51)))], "")


def test_an_unknown_ribbon_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadOrder, match="We have red, gold, green, blue, and white"):
        order(["a"], "<b>")
    assert order(["a"], " GOLD ").ribbon == "gold"
    assert order(["a"], "").ribbon == "red"


def test_equal_orders_have_equal_keys_and_others_do_not() -> None:
    assert order(["a,b"], "").key == order([" a ,b"], "red").key
    assert order(["a,b"], "").key != order(["b,a"], "").key
    assert order(["a,b"], "").key != order(["a,b"], "gold").key


def test_a_stage_is_said_in_words() -> None:
    assert said(4, "gold", late=False) == "Tying the gold ribbon: step 4 of 5."
    assert "waits for its turn" in said(0, "red", late=True)
    assert said(DONE, "red", late=True).startswith("All wrapped")
