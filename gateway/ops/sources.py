"""All sources that the pages of the shop have, whichever room they are of."""

from gateway.ops.explain.pages import PAGES

SOURCES = tuple(
    sorted(
        {
            fragment.source.name
            for page in PAGES
            for plan in page.plans
            for fragment in plan.fragments
        }
    )
)
"""Their names, in the order of the alphabet: what staff may break on purpose, or purge."""
