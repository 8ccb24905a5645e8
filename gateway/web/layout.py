"""Which parts a page has that may come late: what each waits for, and its template."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.aggregation.compose import Composition
from gateway.web.rendering import Present

Context = Mapping[str, Any]


def _all(context: Context) -> Context:
    return context


def _as_it_is(page: Composition) -> Composition:
    return page


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page, in ``{% part name %}`` there, and in a ``template`` of its own.

    ``needs`` names the fragments without which it cannot be shown; ``pick`` takes from the page's
    values those that the template is given.
    """

    name: str
    template: str
    needs: tuple[str, ...]
    pick: Callable[[Context], Context] = _all


@dataclass(frozen=True, slots=True)
class Layout:
    """A page: ``template`` is given what ``present`` makes of its composition.

    ``read`` makes the composition of what the plan's fragments said, where that is another one.
    ``shared`` says that ``present`` is the same for all requests, and a pure function of what the
    page is made of: then what was rendered is kept. Both it and ``read`` must take compositions in
    which fragments are not there yet.
    """

    template: str
    present: Present
    parts: tuple[Part, ...]
    read: Callable[[Composition], Composition] = _as_it_is
    shared: bool = True

    @property
    def is_all(self) -> bool:
        """Whether a page is made of what its plan's fragments said, and of nothing else."""
        return self.shared and self.read is _as_it_is

    def waiting(self, pending: Iterable[str]) -> tuple[Part, ...]:
        """Return the parts that cannot be shown while the fragments ``pending`` are not there."""
        awaited = frozenset(pending)
        return tuple(part for part in self.parts if not awaited.isdisjoint(part.needs))

    def can_wait_for(self, pending: Iterable[str]) -> bool:
        """Whether each of the fragments ``pending`` is one that some part waits for.

        Any other belongs to what is shown at once, and the page must not begin without it.
        """
        return {name for part in self.parts for name in part.needs}.issuperset(pending)
