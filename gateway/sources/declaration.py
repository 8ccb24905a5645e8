"""What every source declares of itself, wherever its data comes from."""

from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """A source as a page names it: what it is asked, what it replies, and within which limits.

    ``asks`` names the arguments of a call that the reply depends on; the source gets no others.
    ``payload`` is the type of the reply's value, and the contract that it is judged by.
    ``fallback`` stands in for the value where there is none, and must be of that type too; without
    one the source simply fails.
    ``timeout`` and ``fresh`` name the settings that say for how many seconds the source may take,
    and for how many its replies are kept; without ``fresh`` they are never kept. ``needs`` names an
    argument without which there is nothing to ask: where it is None, ``fallback`` is the answer.
    What is ``private`` is kept in this process alone, and never shown past its freshness.
    """

    name: str
    asks: tuple[str, ...] = ()
    payload: Any
    timeout: str
    fallback: Any = msgspec.UNSET
    fresh: str | None = None
    needs: str | None = None
    private: bool = False
