"""The garbage collector, told what a server is: much that stays, and pages that come and go.

By itself Python looks through all that there is, modules and templates and compiled addresses, as
often as some thousand new objects have outlived a moment: at a thousand pages a second every half
second, and all visitors wait for it. What is there at the start stays until the end, so it is put
aside; and a page leaves no rings behind that only the collector could find, unless it fails, so
that it need not look that often. ``make soak`` watches over the memory.
"""

import gc

THRESHOLDS = (20_000, 10, 10)
"""New objects before the youngest are looked through; how often that, before those that outlived
it are; and how often those, before all are. Dozens of pages are on their way at once, each with
some hundred objects: below that the collector would look at the same ones again and again, at 5,000
for a twentieth of all time.
Connections that end do leave rings, so it must not be much rarer.
"""


def put_aside() -> None:
    """Look through everything once more, and then never again through what is here now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
