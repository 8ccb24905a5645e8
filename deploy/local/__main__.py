"""``python -m deploy.local``: see start.py."""

import signal
import sys

# Until the start listens for signals itself, Ctrl-C ends it quietly, also amid its imports.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from deploy.local.start import main  # noqa: E402 - after the line above on purpose

sys.exit(main(sys.argv[1:]))
