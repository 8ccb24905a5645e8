"""Makes the stack's secrets on its first start, and leaves those that are there as they are.

``first_secrets.py FOLDER`` writes one file for each secret into FOLDER. Each can be read by the one
group that needs it, and written by nobody. ``SHOP_USER``, ``SHOP_DATABASE`` and ``POSTGRES_HOST``
say which database the address is for. ``SECRET_KEY`` and ``DEMO_PASSWORD``, if somebody gives them,
take the place of what was made up.
"""

import os
import secrets
import sys
from pathlib import Path

GATEWAY_GROUP = 10001
POSTGRES_GROUP = 10002


def keep(file: Path, value: str, group: int) -> str:
    """Return what ``file`` holds; put ``value`` into it first if it is not there."""
    if not file.exists():
        put(file, value, group)
    return file.read_text(encoding="utf-8")


def put(file: Path, value: str, group: int) -> None:
    """Let ``file`` hold ``value``, for ``group`` to read.

    It changes as a whole or not at all, so that a start that was interrupted leaves no half of a
    secret behind.
    """
    draft = file.with_name(f".{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(value, encoding="utf-8")
    os.chown(draft, -1, group)
    draft.chmod(0o440)
    draft.replace(file)


def main() -> None:
    """Make what is missing."""
    folder = Path(sys.argv[1])
    for name, length in (("secret_key", 48), ("demo_password", 12)):
        if given := os.environ.get(name.upper()):
            put(folder / name, given, GATEWAY_GROUP)
        keep(folder / name, secrets.token_urlsafe(length), GATEWAY_GROUP)
    # The superuser's is for Postgres alone; the shop's is known to Postgres, and in the address.
    keep(folder / "postgres_password", secrets.token_urlsafe(24), POSTGRES_GROUP)
    password = keep(folder / "shop_password", secrets.token_urlsafe(24), POSTGRES_GROUP)
    user, database = os.environ["SHOP_USER"], os.environ["SHOP_DATABASE"]
    address = f"postgres://{user}:{password}@{os.environ['POSTGRES_HOST']}:5432/{database}"
    keep(folder / "database_url", address, GATEWAY_GROUP)


if __name__ == "__main__":
    main()
