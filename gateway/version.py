"""Which gateway this is: its release, and the commit that it was made of."""

from functools import cache
from pathlib import Path

from django.conf import settings

VERSION = "0.1.0"
REPOSITORY = Path(__file__).resolve().parent.parent
_SHORT = 10


@cache
def commit(repository: Path = REPOSITORY) -> str:
    """Return the commit, shortened; empty where neither the image nor a working copy tells."""
    given = settings.GATEWAY_COMMIT
    return given[:_SHORT] if given else _checked_out(repository)[:_SHORT]


def _checked_out(repository: Path) -> str:
    """Return what git has checked out, by its files: there may be no git."""
    try:
        place = repository / ".git"
        if place.is_file():  # a second working copy: the file says where its own things are
            place = Path(place.read_text().removeprefix("gitdir:").strip())
        head = (place / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        shared = place / "commondir"
        root = place / shared.read_text().strip() if shared.is_file() else place
        return (root / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return ""
