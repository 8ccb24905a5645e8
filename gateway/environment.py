"""Reading the environment: every value is judged, and every problem told in one sentence.

A variable ``NAME`` may also be given as ``NAME_FILE``, the path of a file that holds the value:
secrets then stand in no environment.
"""

import math
import os
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ

MOST_SECONDS = 86_400
DATABASE_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
MAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "memorymail")


class Environment:
    """Reads variables one by one and remembers what is wrong with them.

    After the last one, ``judge()`` ends the process if anything was. Each reader returns a harmless
    value of the right type where the given one is bad, so that all problems are told at once.
    """

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.FileAwareEnv()
        self.problems: list[str] = []
        self.names_read: list[str] = []
        """Of all variables that were asked for."""
        # From the environment itself: the other mapping would read every file that a variable of
        # somebody else's, with a name like ours, may name.
        self._given = frozenset(name for name, value in os.environ.items() if value.strip())
        if dotenv.is_file():
            self._env.read_env(str(dotenv))

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable; without a default it must be there and not be empty."""
        self.names_read.append(name)
        try:
            # Read from the mapping, because ``env.str`` would take a value that begins with a
            # dollar sign, as a random secret may, for the name of another variable.
            value = str(self._env.ENVIRON.get(name, "")).strip()
        except (OSError, UnicodeDecodeError) as exc:
            self.problems.append(f"{name}_FILE cannot be read: {exc}.")
            return default or ""
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is missing: set it in the environment or in .env.")
        return default or ""

    def origin(self, name: str) -> str:
        """Return where the variable's value comes from: the environment, .env, or our default.

        Only names are kept for this, no values, and no file is opened.
        """
        # A file comes first: that is how the value is read as well.
        for way in (f"{name}_FILE", name):
            if os.environ.get(way, "").strip():
                where = "environment" if way in self._given else ".env"
                return where if way == name else f"{where}, {way}"
        return "default"

    def secret(self, name: str, at_least: int) -> str:
        """Return a secret of at least so many characters; there is never a default."""
        value = self.text(name)
        if value and len(value) < at_least:
            self.problems.append(f"{name} is too short: it needs {at_least} characters or more.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no."""
        value = self.text(name, str(default)).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value not in ("0", "false", "no", "off"):
            self.problems.append(f"{name} must be true or false, and is {value!r}.")
        return False

    def names(self, name: str, default: str | None = None) -> list[str]:
        """Return a list that is given with commas."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        """Return a whole number from ``lowest`` to ``highest``."""
        value = self.text(name, str(default))
        # int() itself refuses to read some thousands of digits.
        digits = value.isascii() and value.isdigit() and len(value) <= len(str(highest))
        if digits and lowest <= int(value) <= highest:
            return int(value)
        self.problems.append(
            f"{name} must be a whole number from {lowest} to {highest}, and is {value!r}."
        )
        return default

    def seconds(self, name: str, default: float, *, zero: bool = False) -> float:
        """Return a duration in seconds, at most a day; 0 only where ``zero`` allows it."""
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if is_duration(number, zero=zero):
            return number
        least = "0 or more" if zero else "more than 0"
        self.problems.append(
            f"{name} must be a number of seconds, {least} and at most 86400, and is {value!r}."
        )
        return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed words."""
        value = self.text(name, default)
        if value in allowed:
            return value
        self.problems.append(f"{name} must be one of {', '.join(allowed)}, and is {value!r}.")
        return default

    def service(self, name: str, default: str | None = None) -> str:
        """Return the address of an HTTP service, without a slash at its end."""
        value = self.text(name, default)
        if value and not _is_service(value):
            self.problems.append(
                f"{name} must be an address such as http://127.0.0.1:8001, and is {value!r}."
            )
        return value.rstrip("/")

    def redis(self, name: str) -> str:
        """Return the address of a Redis."""
        value = self.text(name)
        if value and not _is_redis(value):
            # The value is not shown: addresses of this kind carry passwords.
            self.problems.append(
                f"{name} must be an address such as redis://127.0.0.1:6379/0, and is none."
            )
        return value

    def database(self, name: str) -> dict[str, Any]:
        """Return Django's description of a Postgres database."""
        value = self.text(name)
        if not value:
            return {}
        parts = _parts(value)
        if parts is None or parts.scheme not in DATABASE_SCHEMES:
            self.problems.append(
                f"{name} must be an address such as postgres://user:password@host:5432/name, "
                "and is none."
            )
            return {}
        return dict(self._env.db_url_config(value, engine="django.db.backends.postgresql"))

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Return how mail is sent: Django's settings by their names, and the sender's address."""
        value = self.text(name, default)
        parts = _parts(value)
        if parts is None or parts.scheme not in MAIL_SCHEMES:
            # Not shown either: it carries a password.
            self.problems.append(
                f"{name} must be an address such as smtp://user:password@host:587, and is none."
            )
            return {}
        return dict(self._env.email_url_config(value))

    def judge(self) -> None:
        """End the process with exit code 1, one sentence for each problem, if there is one."""
        if self.problems:
            raise SystemExit("\n".join(self.problems))


def is_duration(seconds: float, *, zero: bool) -> bool:
    """Whether it is a duration in seconds, at most a day; 0 only where ``zero`` allows it."""
    return 0 < seconds <= MOST_SECONDS or (zero and seconds == 0)


def _parts(value: str) -> SplitResult | None:
    """Return the parts of an address; None where it is none, or its port is no port."""
    if not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError where it is no port
    except ValueError:
        return None
    return parts


def _is_redis(value: str) -> bool:
    parts = _parts(value)
    if parts is None or parts.scheme not in REDIS_SCHEMES:
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1
    database = parts.path.removeprefix("/")
    return bool(parts.hostname) and (not database or (database.isascii() and database.isdigit()))


def _is_service(value: str) -> bool:
    parts = _parts(value)
    if parts is None:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
