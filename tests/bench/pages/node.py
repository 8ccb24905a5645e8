"""Node's peers need packages: installed from the registry, as locked, once for each lock file."""

import hashlib
import os
import shutil
import subprocess

from deploy.local.process import REPOSITORY
from tests.bench.pages.ground import PEERS
from tests.bench.pages.running import LeftOut, needs

SOURCES = PEERS / "node"
HOME = REPOSITORY / ".local" / "page-peers"
MARK = HOME / "installed"
INSTALL_SECONDS = 300


def packages() -> str:
    """Return the folder of the packages; raises ``LeftOut`` where they cannot be had."""
    npm = needs("npm")
    wanted = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    if not (MARK.exists() and MARK.read_text() == wanted):
        _install(npm)
        MARK.write_text(wanted)
    return str(HOME / "node_modules")


def _install(npm: str) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, HOME / name)
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=HOME,
            env={**os.environ, "NODE_ENV": "production"},
            capture_output=True,
            check=True,
            timeout=INSTALL_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise LeftOut("its packages cannot be installed here.") from error
