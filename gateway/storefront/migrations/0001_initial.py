"""The first tables of this room."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Author',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('born', models.SmallIntegerField(blank=True, help_text='Year; negative for BCE.', null=True)),
                ('died', models.SmallIntegerField(blank=True, help_text='Year; negative for BCE.', null=True)),
                ('country', models.CharField(blank=True, max_length=80)),
                ('bio', models.TextField(blank=True, max_length=1000)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Book',
            fields=[
                ('isbn', models.CharField(max_length=13, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('^97[89]\\d{10}$')], verbose_name='ISBN')),
                ('title', models.CharField(max_length=200)),
                ('price', models.DecimalField(decimal_places=2, max_digits=7, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(default='EUR', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$')])),
                ('published', models.SmallIntegerField(help_text='Year of the first edition; negative for BCE.')),
                ('language', models.CharField(default='English', max_length=40)),
                ('pages', models.PositiveSmallIntegerField()),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(max_length=40), blank=True, default=list, size=None)),
                ('blurb', models.TextField(blank=True, max_length=1000)),
                ('added_on', models.DateField(help_text='The day on which the shop began to sell it.')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='books', to='storefront.author')),
            ],
            options={
                'ordering': ['title'],
                'indexes': [models.Index(fields=['-added_on', 'isbn'], name='book_new_arrivals'), django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='book_tags')],
            },
        ),
    ]
