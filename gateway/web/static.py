"""Static files, where no edge serves them: straight from the disk, before Django is asked."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from servestatic import ServeStaticASGI

from gateway.web.protection import NOTHING, protection
from gateway.web.timing import timed


def static_files_are_collected() -> bool:
    """Whether every page can name its static files: without the manifest none can be rendered."""
    collected = getattr(staticfiles_storage, "hashed_files", True)
    return settings.DEBUG or bool(collected)


def with_static_files(application: Any) -> Any:
    """Return ``application`` with the collected files in front of it, if there are any.

    Their names carry a hash of what is in them, so that a browser may keep them for good. What
    comes out at the front, files and pages, says how long it took.
    """
    root = Path(settings.STATIC_ROOT)
    if not root.is_dir():
        return timed(application)
    prefix = settings.STATIC_URL.strip("/")
    files = ServeStaticASGI(
        application,
        root=str(root),
        prefix=prefix,
        immutable_file_test=r"\.[0-9a-f]{12}\.",
        allow_all_origins=False,
        add_headers_function=_protect,
    )
    return timed(files)


def _protect(headers: Any, path: str, url: str) -> None:
    """Say of a file what the middleware, which never sees it, says of a page."""
    for name, value in (protection() | {"Content-Security-Policy": NOTHING}).items():
        headers[name] = value
