"""``python -m tests.server.long_page``: a gateway whose /metrics is 8 MB long."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.live_settings")
# Before anything else that is ours: it installs the event loop.
import gateway.server.daphne

assert gateway.server.daphne
LENGTH = 8_000_000

if __name__ == "__main__":
    import gateway.asgi
    import gateway.web.health

    gateway.web.health.exposition = lambda: b"x" * LENGTH
    from gateway.serve import main

    sys.exit(main())
