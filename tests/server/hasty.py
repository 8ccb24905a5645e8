"""``python -m tests.server.hasty``: a gateway on uvicorn that soon loses patience."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.live_settings")
os.environ["SERVER"] = "uvicorn"

from gateway.server.uvicorn import line, server

line.HEAD_SECONDS = 0.5
line.IDLE_SECONDS = 1.0
line.STALL_SECONDS = 0.5
server.LOOK_SECONDS = 0.05

if __name__ == "__main__":
    from gateway.serve import main

    sys.exit(main())
