"""The first tables of this room."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='Its address.', max_length=40, unique=True)),
                ('title', models.CharField(max_length=80)),
                ('topic', models.CharField(blank=True, help_text='One sentence on what it is for.', max_length=200)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower ones come first.')),
                ('is_open', models.BooleanField(default=True, help_text='A closed room is nowhere to be found.')),
                ('changes', models.BigIntegerField(default=0, editable=False)),
            ],
            options={
                'ordering': ['position', 'title'],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(editable=False)),
                ('change', models.BigIntegerField(editable=False)),
                ('author_key', models.CharField(editable=False, max_length=60)),
                ('author_name', models.CharField(editable=False, max_length=80)),
                ('author_kind', models.CharField(choices=[('member', 'member'), ('guest', 'guest'), ('staff', 'staff')], editable=False, max_length=6)),
                ('text', models.TextField(editable=False)),
                ('client_id', models.CharField(editable=False, help_text="The author's own name for it: sent twice, it is still one message.", max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_-]+$')])),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('removed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='chat.room')),
            ],
            options={
                'ordering': ['-room', '-number'],
                'indexes': [models.Index(fields=['room', 'change'], name='chat_message_change')],
                'constraints': [models.UniqueConstraint(fields=('room', 'number'), name='chat_message_number'), models.UniqueConstraint(fields=('room', 'author_key', 'client_id'), name='chat_message_once')],
            },
        ),
    ]
