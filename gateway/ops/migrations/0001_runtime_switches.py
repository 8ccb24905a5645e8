"""What staff change while the gateways run, and the history of it."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('setting', 'setting'), ('off', 'source that is off'), ('fault', 'fault')], max_length=10)),
                ('name', models.CharField(max_length=60)),
                ('before', models.CharField(max_length=200)),
                ('after', models.CharField(max_length=200)),
                ('why', models.CharField(blank=True, max_length=200)),
                ('by', models.CharField(max_length=120)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('setting', 'setting'), ('off', 'source that is off'), ('fault', 'fault')], editable=False, max_length=10)),
                ('name', models.CharField(max_length=60)),
                ('value', models.JSONField(editable=False, null=True)),
                ('until', models.DateTimeField(blank=True, help_text='UTC. Empty: until it is ended.', null=True)),
                ('why', models.CharField(blank=True, help_text='For those who find it later.', max_length=200)),
                ('changed_by', models.CharField(editable=False, max_length=120, verbose_name='by')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='since')),
            ],
            options={
                'ordering': ['kind', 'name'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'name'), name='ops_switch_once')],
            },
        ),
        migrations.CreateModel(
            name='Fault',
            fields=[
            ],
            options={
                'verbose_name': 'fault on purpose',
                'verbose_name_plural': 'faults on purpose',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('ops.switch',),
        ),
        migrations.CreateModel(
            name='Setting',
            fields=[
            ],
            options={
                'verbose_name': 'setting changed at run time',
                'verbose_name_plural': 'settings changed at run time',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('ops.switch',),
        ),
        migrations.CreateModel(
            name='SourceOff',
            fields=[
            ],
            options={
                'verbose_name': 'source switched off',
                'verbose_name_plural': 'sources switched off',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('ops.switch',),
        ),
    ]
