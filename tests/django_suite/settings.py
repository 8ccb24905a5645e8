"""The settings that Django runs its own tests with, and what our handler asks for beside them."""

from test_sqlite import *  # type: ignore[import-not-found] # noqa: F403

PAGE_BUDGET_SECONDS = 30.0
"""Longer than any of these tests: what is late is not tried here."""
