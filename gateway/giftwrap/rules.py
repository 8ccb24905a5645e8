"""What is wrapped, in which words, and how far it is: plain rules, no clock, no I/O."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

RIBBONS = ("red", "gold", "green", "blue", "white")
DEFAULT_RIBBON = RIBBONS[0]
DEFAULT_ITEM = "a surprise"
MOST_ITEMS = 50
MOST_NAMED = 6
"""So many things are named one by one; of more, some, and the number of the rest."""
MOST_LETTERS = 60
"""Of one thing's name; a longer one is cut."""

STEPS = (
    "Measuring",
    "Cutting the paper",
    "Folding the corners",
    "Tying the {ribbon} ribbon",
    "Writing the card",
)
WAITING = 0
DONE = len(STEPS) + 1
"""A job's stage: 0 while it waits for the first pair of hands, then the number of its step."""

STEP_SECONDS = 1.5
LATE_SECONDS = 5
"""A step that should have been over for so long is waiting for hands, and the page says so."""

LOST_SECONDS = 20
"""A step that should have been over for so long may be nobody's any more: see ``desk.recover``."""

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
_FLAGS = range(0xE0020, 0xE0080)


class BadOrder(ValueError):
    """What was asked for cannot be wrapped. The message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Order:
    """``items`` are tidy, and at least one; ``ribbon`` is one of ``RIBBONS``."""

    items: tuple[str, ...]
    ribbon: str

    @property
    def key(self) -> str:
        """Equal for orders that are equal, and short."""
        told = "\0".join((self.ribbon, *self.items)).encode()
        return hashlib.sha256(told).hexdigest()


def order(items: Iterable[str], ribbon: str) -> Order:
    """Return the order for comma-separated ``items``; raises ``BadOrder``.

    Blank ones are passed over, and what is named twice is wrapped once.
    """
    chosen = ribbon.strip().lower() or DEFAULT_RIBBON
    if chosen not in RIBBONS:
        raise BadOrder(f"There is no such ribbon. We have {listed(RIBBONS)}.")
    unique: dict[str, str] = {}
    for name in (tidy(item) for some in items for item in some.split(",")):
        if name:
            unique.setdefault(name.casefold(), name)
    if len(unique) > MOST_ITEMS:
        raise BadOrder(f"We wrap at most {MOST_ITEMS} things at a time, and that is {len(unique)}.")
    return Order(tuple(unique.values()) or (DEFAULT_ITEM,), chosen)


def tidy(item: str) -> str:
    """Return a thing's name on one line, without what nobody sees, and not too long."""
    composed = unicodedata.normalize("NFC", item)
    seen = "".join(each if _is_seen(each) else " " if each.isspace() else "" for each in composed)
    name = " ".join(seen.split())
    if not any(unicodedata.category(each)[0] in "LNPS" for each in name):
        return ""
    return name if len(name) <= MOST_LETTERS else _cut(name) + "…"


def _is_seen(character: str) -> bool:
    """Whether it is text. Joiners and the letters of flags are: scripts and emoji need them."""
    known = unicodedata.category(character) not in _UNSEEN
    return known or character in _JOINERS or ord(character) in _FLAGS


def _cut(name: str) -> str:
    """Return the beginning of ``name``; accents and joined signs stay with what they belong to."""
    end = MOST_LETTERS - 1
    while end > MOST_LETTERS // 2 and _belongs_to_the_last(name[end], name[end - 1]):
        end -= 1
    return name[:end].rstrip()


def _belongs_to_the_last(character: str, before: str) -> bool:
    joined = character in _JOINERS or before in _JOINERS or ord(character) in _FLAGS
    return joined or unicodedata.category(character) in ("Mn", "Mc", "Me", "Sk")


def listed(names: Iterable[str]) -> str:
    """Return ``a``, ``a and b``, or ``a, b, and c``."""
    *others, last = names
    if not others:
        return last
    return f"{others[0]} and {last}" if len(others) == 1 else f"{', '.join(others)}, and {last}"


def sentence(items: tuple[str, ...], *, done: bool = False) -> str:
    """Return ``Wrapping a, b, and c``; of many things, ``Wrapping a, b, c, d, e, and 7 more``."""
    if len(items) > MOST_NAMED:
        named = (*items[: MOST_NAMED - 1], f"{len(items) - MOST_NAMED + 1} more")
    else:
        named = items
    return f"{'Wrapped' if done else 'Wrapping'} {listed(named)}"


def step(stage: int, ribbon: str) -> str:
    """Return the name of a step; the first has the number 1."""
    return STEPS[stage - 1].format(ribbon=ribbon)


def said(stage: int, ribbon: str, *, late: bool) -> str:
    """Return how far the job is, as a sentence."""
    if stage >= DONE:
        return "All wrapped. It is waiting at the till."
    if late:
        return "All hands are full, so this one waits for its turn. Nothing is lost."
    if stage == WAITING:
        return "In the queue; somebody will be at it in a moment."
    return f"{step(stage, ribbon)}: step {stage} of {len(STEPS)}."
