"""Layers: what a policy can tell of itself, so that a stack can be read as it was really built.

A policy is made once and then put around a source. What it is made of is told there and then; a
call never comes here, and so none pays for it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

from gateway.aggregation.source import Policy, Source

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A policy that knows its name, and the arguments by name that it was made of."""

    name: str
    made_of: Mapping[str, Any] = field(repr=False)
    policy: Policy = field(repr=False)

    def __call__(self, source: Source) -> Source:
        """Put the policy around ``source``: what comes out is the policy's own, with no shell."""
        return self.policy(source)


def layer(make: Callable[P, Policy]) -> Callable[P, Policy]:
    """Return ``make``, whose policies can then tell what they are made of."""
    signature = inspect.signature(make)

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Policy:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return Layer(make.__name__, bound.arguments, make(*args, **kwargs))

    return made
