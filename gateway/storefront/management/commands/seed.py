"""``manage.py seed``: the books, the authors and one demo member, as often as you like."""

import json
import secrets
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import environ
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from gateway.members.models import Member
from gateway.storefront.models import Author, Book

SEED = Path(__file__).resolve().parents[2] / "seed"
DEMO_ID = 42
DEMO_EMAIL = "ada@example.com"
DEMO_NAME = "Ada"


class Command(BaseCommand):
    """Fills an empty shop. What is there already is brought up to date, nothing is deleted."""

    help = "Puts the books, the authors and the demo member into the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say what the demo member signs in with."""
        try:
            with transaction.atomic():
                books = _seed_books()
                password = _seed_demo_member()
        except ProgrammingError as exc:
            raise CommandError("The tables are not there yet: run manage.py migrate.") from exc
        self.stdout.write(f"{books} books are on the shelves.")
        self.stdout.write(f"Demo member: {DEMO_EMAIL}, password: {password}")


def _seed_books() -> int:
    authors = {}
    for row in _read("authors.json"):
        slug = row.pop("slug")
        authors[slug], _ = Author.objects.update_or_create(slug=slug, defaults=row)
    books = _read("books.json")
    for row in books:
        price = row.pop("price")
        values = row | {
            "author": authors[row.pop("author")],
            "price": Decimal(price["amount"]),
            "currency": price["currency"],
            "added_on": date.fromisoformat(row["added_on"]),
        }
        Book.objects.update_or_create(isbn=values.pop("isbn"), defaults=values)
    return len(books)


def _seed_demo_member() -> str:
    """Create the demo member if need be, and return the password. It has no rights at all.

    The id is one that the recommendation service knows. Without DEMO_PASSWORD a new password is
    made up each time: there is none that everybody knows.
    """
    password = str(environ.FileAwareEnv().ENVIRON.get("DEMO_PASSWORD", "")).strip()
    password = password or secrets.token_urlsafe(9)
    member, created = Member.objects.get_or_create(
        pk=DEMO_ID, defaults={"email": DEMO_EMAIL, "name": DEMO_NAME}
    )
    if created or not member.check_password(password):
        member.set_password(password)
        member.save(update_fields=["password"])
    with connection.cursor() as cursor:
        # The id was chosen, not drawn: the sequence must not draw it again.
        for statement in connection.ops.sequence_reset_sql(no_style(), [Member]):
            cursor.execute(statement)
    return password


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SEED / name).read_text(encoding="utf-8"))
    return rows
