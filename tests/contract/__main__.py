"""``make contract``: try the services that PROMO and RECCO name, or our own, started for it."""

import os
import sys

from gateway.contracts.command import main
from tests.contract.own import NotStarted, own_services


def run() -> int:
    """Return the exit code of the trial: 0 kept, 1 broken, 2 not reachable."""
    given = {name: os.environ.get(name.upper(), "").strip() for name in ("promo", "recco")}
    given = {name: url for name, url in given.items() if url}
    junit = os.environ.get("JUNIT", "").strip()
    more = ["--junit", junit] if junit else []
    if given:
        return main(["verify", *_flags(given), *more])
    try:
        with own_services() as ours:
            return main(["verify", *_flags(ours), *more])
    except NotStarted as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _flags(addresses: "dict[str, str]") -> list[str]:
    return [part for name, url in addresses.items() for part in (f"--{name}", url)]


if __name__ == "__main__":
    try:
        sys.exit(run())
    except KeyboardInterrupt:
        sys.exit(130)
