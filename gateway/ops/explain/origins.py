"""Where a number has come from: the environment, .env, our default, or the code itself."""

from typing import Any

from django.conf import settings

import gateway.settings as declared
from gateway.ops.explain.model import Figure


def figure(seconds: float, setting: str | None) -> Figure:
    """Return ``seconds`` with the ``setting`` that says so; without one where it does not."""
    if setting is None or getattr(settings, setting, None) != seconds:
        return Figure(seconds)
    return Figure(seconds, setting, origin(setting))


def origin(setting: str) -> str:
    """Return where the value of ``setting`` comes from, in a word or two."""
    missing: Any = object()
    if getattr(declared, setting, missing) != getattr(settings, setting, missing):
        return "changed since the start"
    return declared._env.origin(setting)
