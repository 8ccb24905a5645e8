"""The first rooms, so that there is somewhere to talk. Staff may change all of it."""

from django.db import migrations

FIRST = (
    ("front-table", "The front table", "What are you reading, and is it any good?"),
    ("first-lines", "First lines", "Quote one, and let the others guess the book."),
    ("lost-and-found", "Lost and found", "Books you know all about, but for the title."),
)


def begin(apps, schema_editor):
    """Open three rooms where there are none."""
    rooms = apps.get_model("chat", "Room").objects.using(schema_editor.connection.alias)
    if rooms.exists():
        return
    for position, (slug, title, topic) in enumerate(FIRST, start=1):
        rooms.create(slug=slug, title=title, topic=topic, position=position)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
