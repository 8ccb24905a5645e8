"""The first tour: five cities, so that the page has something to show. Staff may change all of it."""

from datetime import date
from decimal import Decimal

from django.db import migrations

FIRST = (
    ("dublin", "Dublin", "53.3498", "-6.2603", date(2027, 3, 4), "The Long Room, Dawson Street"),
    ("lisbon", "Lisbon", "38.7223", "-9.1393", date(2027, 3, 9), "Sala dos Livros, Chiado"),
    ("paris", "Paris", "48.8566", "2.3522", date(2027, 3, 13), "Salle des Pages, rue de Seine"),
    ("vienna", "Vienna", "48.2082", "16.3738", date(2027, 3, 18), "Lesesaal am Graben"),
    ("copenhagen", "Copenhagen", "55.6761", "12.5683", date(2027, 3, 23), "Bogsalen, Nyhavn"),
)


def begin(apps, schema_editor):
    """Put the five stops into an empty table; one that somebody filled is left alone."""
    stops = apps.get_model("tour", "Stop").objects.using(schema_editor.connection.alias)
    if stops.exists():
        return
    for position, (slug, city, latitude, longitude, day, venue) in enumerate(FIRST, start=1):
        stops.create(
            slug=slug,
            city=city,
            latitude=Decimal(latitude),
            longitude=Decimal(longitude),
            date=day,
            venue=venue,
            position=position,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('tour', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
