"""``python -m gateway.contracts``: see ``command.py``. Needs no database and no settings."""

import sys

from gateway.contracts.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
