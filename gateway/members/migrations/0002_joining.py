"""Joining: tries of people who want to become members, and mails that are owed."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='awaits_confirmation',
            field=models.BooleanField(default=False, editable=False, help_text='Joined, and has not yet proved that the address is theirs.'),
        ),
        migrations.CreateModel(
            name='Joining',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('password', models.CharField(max_length=128)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='joinings', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('welcome', 'Welcome, and please confirm'), ('already', 'You are a member already')], max_length=10)),
                ('to', models.EmailField(max_length=254)),
                ('origin', models.CharField(help_text='Where links in it lead to.', max_length=300)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Of the next try.')),
                ('sent_at', models.DateTimeField(null=True)),
                ('gave_up_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, help_text='What the last try met.', max_length=200)),
                ('joining', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='members.joining')),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['to', 'created_at'], name='letter_to'), models.Index(condition=models.Q(('gave_up_at', None), ('sent_at', None)), fields=['due_at'], name='letter_owed')],
            },
        ),
    ]
