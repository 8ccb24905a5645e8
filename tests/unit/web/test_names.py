"""Names that are drawn many at a time."""

from gateway.web.names import BLOCK_BYTES, Names


def test_no_byte_is_handed_out_twice() -> None:
    numbers = iter(range(10))
    names = Names(lambda count: bytes([next(numbers)]) * count)
    drawn = [names.drawn(16) for _ in range(BLOCK_BYTES // 16 + 1)]
    assert drawn[:-1] == ["00" * 16] * (BLOCK_BYTES // 16)
    assert drawn[-1] == "01" * 16, "a block that is used up is not used again"
    assert names.drawn(8) == "01" * 8


def test_what_is_left_of_a_block_is_left_where_it_is_too_little() -> None:
    blocks: list[int] = []
    names = Names(lambda count: blocks.append(count) or b"\0" * count)  # type: ignore[func-returns-value]
    names.drawn(BLOCK_BYTES - 4)
    names.drawn(8)
    assert blocks == [BLOCK_BYTES] * 2


def test_names_differ() -> None:
    names = Names()
    assert len({names.drawn(16) for _ in range(1000)}) == 1000
