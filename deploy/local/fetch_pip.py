"""Brings pip into an environment where Python comes without its own copy, as on a bare Debian.

The file is judged by the hash in the lock file, so where it comes from, and over what kind of
connection, cannot matter. Standard library alone.
"""

import hashlib
import os
import re
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PUBLIC_INDEX = "https://pypi.org/simple"
TIMEOUT_SECONDS = 30.0
LONGEST_BYTES = 20_000_000


class NoPip(Exception):
    """The text says why."""


def into(python: Path, lock_file: Path, log: Path) -> None:
    """Install the pip that ``lock_file`` names for ``python``. Raises NoPip."""
    version, hashes = locked(lock_file.read_text())
    wheel_name = f"pip-{version}-py3-none-any.whl"
    try:
        wheel = find(wheel_name)
    except (OSError, ValueError) as error:
        raise NoPip(str(error)) from error
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise NoPip(f"{wheel_name} is not the file that the lock names")
    with tempfile.TemporaryDirectory() as folder, log.open("a") as output:
        path = Path(folder) / wheel_name
        path.write_bytes(wheel)
        # A wheel is an archive that Python can run from.
        command = [str(python), f"{path}/pip", "install", "--no-index", "--no-deps", str(path)]
        if subprocess.run(command, stdout=output, stderr=output, check=False).returncode != 0:
            raise NoPip(f"see {log}")


def locked(text: str) -> tuple[str, set[str]]:
    """The version and the hashes that a lock file of one package names."""
    version = re.search(r"^pip==([\w.]+)", text, re.MULTILINE)
    if version is None:
        raise NoPip("the lock file names no version")
    return version[1], set(re.findall(r"sha256:([0-9a-f]{64})", text))


def find(wheel_name: str) -> bytes:
    """The wheel's bytes, from the index that PIP_INDEX_URL names or the public one."""
    index = os.environ.get("PIP_INDEX_URL") or PUBLIC_INDEX
    page_url = f"{index.rstrip('/')}/pip/"
    page = download(page_url).decode(errors="replace")
    link = re.search(rf'href="([^"]*{re.escape(wheel_name)}[^"]*)"', page)
    if link is None:
        raise NoPip(f"the package registry has no {wheel_name}")
    return download(urllib.parse.urljoin(page_url, link[1]))


def download(url: str) -> bytes:
    """What a GET of ``url`` gives. Raises OSError or ValueError."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("the package registry's address is none")
    try:
        return _read(url, ssl.create_default_context())
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        # A bare system may have no certificates to verify with; the hash decides in any case.
        unverified = ssl._create_unverified_context()  # noqa: S323 - see above
        return _read(url, unverified)


def _read(url: str, context: ssl.SSLContext) -> bytes:
    # The scheme was judged above.
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=context) as reply:  # noqa: S310
        body: bytes = reply.read(LONGEST_BYTES + 1)
    if len(body) > LONGEST_BYTES:
        raise ValueError("the package registry's answer is too long")
    return body
