"""Mozilla's HTTP Observatory, which judges the headers of a site: the program itself, run here."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.process import REPOSITORY

SOURCES = Path(__file__).parent
HOME = REPOSITORY / ".local" / "observatory"
PACKAGE = HOME / "node_modules" / "@mdn" / "mdn-http-observatory"
SCAN = PACKAGE / "src" / "scan.js"
MARK = HOME / "installed"
INSTALL_SECONDS = 180
SCAN_SECONDS = 60
_AS_LOCKED = ("--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")


@dataclass(frozen=True)
class Verdict:
    """What the Observatory says of a site: a score of 100 and more is an A+."""

    score: int
    grade: str
    failed: frozenset[str]
    """The names of the tests that it did not pass."""


def prepared() -> str:
    """Install it as locked, once for each lock file; return why it is not to be had, if so.

    It comes from a registry, so this is done before networks of ours may hide that.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        return "The Observatory needs Node 20 or later, and npm."
    wanted = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    if SCAN.exists() and MARK.exists() and MARK.read_text() == wanted:
        return ""
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, HOME / name)
    command = ["npm", "ci", *_AS_LOCKED, "--loglevel=error"]
    try:
        subprocess.run(command, cwd=HOME, check=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"The Observatory cannot be installed here: {error}"
    # The list of the hosts that browsers know to be for https alone. Ours is not on it, and to the
    # Observatory nobody is.
    (PACKAGE / "conf" / "hsts-preload.json").write_text("{}")
    MARK.write_text(wanted)
    return ""


def judged(site: str, authority: Path) -> Verdict:
    """Return what it says of ``site``, a host with its port; ``authority`` signs certificates."""
    done = subprocess.run(
        ["node", str(SCAN), site],
        env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(authority)},
        capture_output=True,
        text=True,
        timeout=SCAN_SECONDS,
        check=False,
    )
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert "scan" in told, told
    failed = frozenset(name for name, test in told["tests"].items() if not test["pass"])
    return Verdict(told["scan"]["score"], told["scan"]["grade"], failed)
