"""``python -m tests.server.full_house``: a gateway that is full for as long as a file is there.

The file is what ``FULL_WHILE`` names.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.live_settings")
from django.conf import settings

if settings.SERVER == "daphne":  # before anything else that is ours: it installs the event loop
    import gateway.server.daphne

    assert gateway.server.daphne
from gateway.web.admission import Door

_flag = Path(os.environ["FULL_WHILE"])


def _is_full(door: Any) -> bool:
    return _flag.exists()


Door.full = property(_is_full)  # type: ignore[assignment]

if __name__ == "__main__":
    from gateway.serve import main

    sys.exit(main())
