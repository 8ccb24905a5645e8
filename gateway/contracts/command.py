"""The command line of the contracts: try services, write the documentation, show a schema.

It runs in the gateway's image and needs nothing else to be there: settings that the environment
does not give get values of things that nobody asks.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gateway.contracts.trial import Trial

KEPT, BROKEN, UNREACHABLE = 0, 1, 2
_CODES = {KEPT: "kept", BROKEN: "broken", UNREACHABLE: "not reachable"}
_UNUSED = {
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PROMO_SERVICE_URL": "http://127.0.0.1:1",
    "RECCO_SERVICE_URL": "http://127.0.0.1:1",
}


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for.

    A trial ends with 0 if every service keeps its contract, 1 if one is broken, 2 if one cannot be
    reached and none is broken; also 2 if nothing could be asked as the arguments want it.
    Everything else ends with 0 or 1.
    """
    parsed = _parser().parse_args(arguments)
    given = dict(os.environ)
    _set_up()
    from gateway.contracts.pactfiles import ContractFileError

    try:
        match parsed.command:
            case "verify":
                return _verify(parsed, given)
            case "document":
                return _document(Path(parsed.path), write=parsed.write)
            case _:
                return _schema(parsed.service)
    except (ContractFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway.contracts",
        description="What the pages need of their services: tried, written down, shown.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="try services against their contracts")
    verify.add_argument("--promo", metavar="URL", help="address of the promotions service")
    verify.add_argument("--recco", metavar="URL", help="address of the recommendation service")
    verify.add_argument("--junit", metavar="PATH", help="also write the report as JUnit XML")
    document = commands.add_parser("document", help="judge or write docs/contracts.md")
    document.add_argument("path", nargs="?", default="docs/contracts.md")
    document.add_argument("--write", action="store_true", help="write it; else it is only judged")
    schema = commands.add_parser("schema", help="show the JSON Schema of a service's reply")
    schema.add_argument("service", choices=("promo", "recco"))
    return parser


def _set_up() -> None:
    """Start Django, without a database and without secrets where none are given."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    unused = {"SECRET_KEY": secrets.token_urlsafe(48), **_UNUSED}
    for name, value in unused.items():
        if not os.environ.get(name) and not os.environ.get(f"{name}_FILE"):
            os.environ[name] = value
    import django

    django.setup()


def _verify(parsed: argparse.Namespace, given: Mapping[str, str]) -> int:
    from gateway.contracts.junit import junit
    from gateway.contracts.report import report

    addresses = _addresses(parsed, given)
    if isinstance(addresses, str):
        sys.stderr.write(f"{addresses}\n")
        return UNREACHABLE
    if problem := _unwritable(parsed.junit):
        sys.stderr.write(f"{problem}\n")
        return UNREACHABLE
    with _quiet():
        trials = asyncio.run(_trials(addresses))
    colours = sys.stdout.isatty() and not given.get("NO_COLOR")
    code = exit_code(trials)
    sys.stdout.write(report(trials, colours=colours))
    sys.stdout.write(f"exit code {code}: {_CODES[code]}\n")
    if parsed.junit:
        Path(parsed.junit).write_bytes(junit(trials))
    return code


def _unwritable(junit: str | None) -> str:
    """Return why no report can be written there; it is found out before anything is asked."""
    if not junit:
        return ""
    try:
        path = Path(junit)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        return f"The report cannot be written to {junit!r}: {error.strerror}."
    return ""


def _addresses(parsed: argparse.Namespace, given: Mapping[str, str]) -> dict[str, str] | str:
    """Return the services' addresses by name, or what is wrong with them.

    Whoever names one service means that one; whoever names none means those of the environment.
    """
    from gateway.contracts.services import CONTRACTS

    named = {each.name: getattr(parsed, each.name) for each in CONTRACTS}
    if not any(named.values()):
        named = {each.name: given.get(each.endpoint.service, "") for each in CONTRACTS}
    named = {name: url.strip().rstrip("/") for name, url in named.items() if url}
    if not named:
        return "Name a service: --promo http://127.0.0.1:8001 or --recco http://127.0.0.1:8002."
    for name, url in named.items():
        if not _is_address(url):
            return f"{url!r} is no address of the {name} service, such as http://127.0.0.1:8001."
    return named


def _is_address(url: str) -> bool:
    """Whether this is an http(s) address; one with a password in it would stand in the report."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError where it is no port
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    clean = url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and clean


async def _trials(addresses: Mapping[str, str]) -> "list[Trial]":
    """Try the services, all at once. Raises ``ContractFileError`` before anything is asked."""
    from gateway.contracts.asking import messenger
    from gateway.contracts.pactfiles import interactions
    from gateway.contracts.services import CONTRACTS
    from gateway.contracts.trial import Trial

    chosen = [each for each in CONTRACTS if each.name in addresses]
    questions = [interactions(each.provider) for each in chosen]
    async with messenger() as ours:
        trials = [Trial(each, addresses[each.name], ours) for each in chosen]
        await asyncio.gather(
            *(trial.run(asks) for trial, asks in zip(trials, questions, strict=True))
        )
    return trials


def exit_code(trials: "Sequence[Trial]") -> int:
    """Return 1 if a service is broken, else 2 if one cannot be reached, else 0."""
    if any(trial.broken for trial in trials if trial.reachable):
        return BROKEN
    return KEPT if all(trial.reachable for trial in trials) else UNREACHABLE


def _document(path: Path, *, write: bool) -> int:
    from gateway.contracts.document import judged, written

    if write:
        path.write_text(written(path), encoding="utf-8")
        return KEPT
    problem = judged(path)
    sys.stdout.write(f"{problem}\n" if problem else "")
    return BROKEN if problem else KEPT


def _schema(service: str) -> int:
    from gateway.contracts.anatomy import schema
    from gateway.contracts.services import CONTRACTS

    payload = next(each.endpoint.payload for each in CONTRACTS if each.name == service)
    sys.stdout.write(json.dumps(schema(payload), indent=2) + "\n")
    return KEPT


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep libraries from writing between the lines of the report."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
