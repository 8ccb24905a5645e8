"""The drawings on covers and posters: SVG on a field of 200 by 190, in three inks.

Each motif takes the inks and a few small numbers, and returns markup. Nothing in it comes from
outside but those numbers, so it needs no escaping. Attributes alone, no styles: the content
security policy allows no inline style.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Inks(NamedTuple):
    """Colours of one printing: paper, type on the paper, and three inks for the drawing."""

    paper: str
    type: str
    first: str
    second: str
    third: str


Dice = Sequence[int]
Motif = Callable[[Inks, Dice], str]


def field(inks: Inks, dice: Dice) -> str:
    """A low sun over rolling land."""
    x, r = 45 + dice[0] % 110, 40 + dice[1] % 30
    return (
        _circle(x, 84, r, inks.first)
        + _path("M-70 140q80-50 160-8t190-6v120H-70z", inks.second)
        + _path("M-70 168q90-34 170-6t170-18v80H-70z", inks.third)
    )


def waves(inks: Inks, dice: Dice) -> str:
    """A sea in even lines, with a disc above or below it."""
    crest = "q14-16 28 0" + "t28 0" * 8
    rows = "".join(f"M{-30 + dice[row] % 28} {70 + 24 * row}{crest}" for row in range(6))
    disc = _circle(50 + dice[6] % 100, 46, 26, inks.first)
    return f'{disc}<path fill="none" stroke="{inks.second}" stroke-width="9" d="{rows}"/>'


def arches(inks: Inks, dice: Dice) -> str:
    """A door within a door within a door."""
    shift = dice[0] % 3 * 8
    outer = _path("M22 200V96a78 78 0 0 1 156 0v104z", inks.first)
    middle = _path(f"M{40 + shift // 2} 200V100a56 56 0 0 1 112 0v100z", inks.second)
    inner = _path(f"M{58 + shift} 200V104a34 34 0 0 1 68 0v96z", inks.third)
    return outer + middle + inner


def motley(inks: Inks, dice: Dice) -> str:
    """A jester's lozenges."""
    heaps: list[str] = ["", "", ""]
    for row in range(4):
        for column in range(5):
            ink = (dice[(row * 5 + column) % len(dice)] >> row) % 4
            if ink < len(heaps):
                heaps[ink] += f"M{20 + 40 * column} {64 * row - 32}l20 32-20 32-20-32z"
    return "".join(_path(heap, ink) for heap, ink in zip(heaps, inks[2:], strict=True) if heap)


def night(inks: Inks, dice: Dice) -> str:
    """A crescent, and stars around it."""
    x = 82 + dice[0] % 30
    places = ((14, 14), (170, 8), (182, 64), (8, 66), (20, 118), (172, 118))
    stars = "".join(
        f"M{across + dice[i] % 9} {down + dice[i] % 13}l3 8 8 3-8 3-3 8-3-8-8-3 8-3z"
        for i, (across, down) in enumerate(places, start=1)
        if dice[i] % 4
    )
    moon = _circle(x, 88, 54, inks.first) + _circle(x + 24, 76, 45, inks.paper)
    return (
        moon
        + _path(stars, inks.second)
        + _path("M-60 190l110-42 60 24 150-46v110h-320z", inks.third)
    )


def branch(inks: Inks, dice: Dice) -> str:
    """One stem, and leaves in pairs."""
    lean = dice[0] % 5 * 6 - 12
    left = "".join(f"M100 {176 - 34 * i}q-66-4-72-46 58-2 72 46" for i in range(4))
    right = "".join(f"M100 {162 - 34 * i}q66-4 72-46-58-2-72 46" for i in range(4))
    stem = f'<path fill="none" stroke="{inks.third}" stroke-width="5" d="M100 12V230"/>'
    parts = _path(left, inks.first) + _path(right, inks.second) + stem
    return f'<g transform="rotate({lean} 100 150)">{parts}{_circle(100, 14, 13, inks.third)}</g>'


def rings(inks: Inks, dice: Dice) -> str:
    """Circles from one centre, like a drop or a planet."""
    x, y = 40 + dice[0] % 120, 50 + dice[1] % 90
    return (
        _circle(x, y, 128, inks.third)
        + _circle(x, y, 96, inks.first)
        + _circle(x, y, 66, inks.second)
        + _circle(x, y, 38, inks.paper)
        + _circle(x, y, 14, inks.first)
    )


def tiles(inks: Inks, dice: Dice) -> str:
    """Quarter circles, each turned by chance."""
    turns = ("h50a50 50 0 0 1-50 50z", "h50v50a50 50 0 0 1-50-50z")
    heaps: list[str] = ["", "", ""]
    for place in range(16):
        chance = dice[place % len(dice)] + place * 5
        across, down = place % 4 * 50, place // 4 * 50 - 5
        heaps[chance % 3] += f"M{across} {down}{turns[chance // 3 % 2]}"
    return "".join(_path(heap, ink) for heap, ink in zip(heaps, inks[2:], strict=True))


def roofs(inks: Inks, dice: Dice) -> str:
    """A town in the evening: gables, and a lamp or two."""
    back = "M0 200V90" + "".join(
        f"l20-{20 + dice[i] % 30} 20 {20 + dice[i] % 30}" for i in range(5)
    )
    front = "M-20 200v-60" + "".join(
        f"h10V{96 + dice[i] % 44}h34v{20 + dice[i] % 9}" for i in range(5)
    )
    lamps = "".join(f"M{18 + 44 * i} {152 + dice[i] % 20}h8v12h-8z" for i in range(4))
    moon = _circle(150, 38, 22, inks.first)
    return (
        moon
        + _path(back + "v120z", inks.third)
        + _path(front + "v120z", inks.second)
        + _path(lamps, inks.first)
    )


def rays(inks: Inks, dice: Dice) -> str:
    """Light from below the horizon."""
    ends = (-60, -20, 12, 44, 74, 100, 126, 156, 188, 220, 260, 320)
    beams = "".join(f"M100 172L{ends[i]} -30H{ends[i + 1]}z" for i in range(0, 11, 2))
    disc = _circle(100, 172, 52 + dice[0] % 20, inks.second)
    return _path(beams, inks.first) + disc + _path("M0 172h200v40H0z", inks.third)


def compass(inks: Inks, dice: Dice) -> str:
    """A wind rose."""
    rose = "M100 8l16 70 70 16-70 16-16 70-16-70-70-16 70-16z"
    turn = dice[0] % 4 * 15
    return (
        _circle(100, 94, 84, inks.third)
        + f'<g transform="rotate({turn + 45} 100 94)">{_path(rose, inks.second)}</g>'
        + f'<g transform="rotate({turn} 100 94)">{_path(rose, inks.first)}</g>'
        + _circle(100, 94, 12, inks.paper)
    )


MOTIFS: tuple[Motif, ...] = (
    field, waves, arches, motley, night, branch, rings, tiles, roofs, rays, compass,
)  # fmt: skip


def _path(d: str, ink: str) -> str:
    return f'<path fill="{ink}" d="{d}"/>'


def _circle(x: int, y: int, r: int, ink: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{ink}"/>'
