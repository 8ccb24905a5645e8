"""All sources that the pages of the shop have, whichever room they are of."""

from gateway.chat.plan import SOURCES as CHAT
from gateway.members.asking import SOURCES as JOINING
from gateway.members.identity import MEMBERSHIP
from gateway.storefront.plan import SOURCES as STOREFRONT
from gateway.tour.plan import SOURCES as TOUR

SOURCES = tuple(sorted({*STOREFRONT, *TOUR, *JOINING, *CHAT, MEMBERSHIP.name}))
"""Their names, in the order of the alphabet: what staff may break on purpose, or purge."""
