"""The first table of this room."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='Names the stop in /api/tour, such as lisbon.', max_length=60, unique=True)),
                ('city', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('\\A[^\\x00-\\x1f\\x7f]*\\Z', 'Write it on one line, without control characters.')])),
                ('latitude', models.DecimalField(decimal_places=4, max_digits=7, validators=[django.core.validators.MinValueValidator(-90, 'A latitude is a number of degrees from -90 (South Pole) to 90 (North Pole).'), django.core.validators.MaxValueValidator(90, 'A latitude is a number of degrees from -90 (South Pole) to 90 (North Pole).')])),
                ('longitude', models.DecimalField(decimal_places=4, max_digits=7, validators=[django.core.validators.MinValueValidator(-180, 'A longitude is a number of degrees from -180 (west) to 180 (east).'), django.core.validators.MaxValueValidator(180, 'A longitude is a number of degrees from -180 (west) to 180 (east).')])),
                ('date', models.DateField(help_text='The day of the reading.')),
                ('venue', models.CharField(blank=True, max_length=120, validators=[django.core.validators.RegexValidator('\\A[^\\x00-\\x1f\\x7f]*\\Z', 'Write it on one line, without control characters.')])),
                ('position', models.PositiveSmallIntegerField(help_text='Where it stands in the tour, from 1; those of one position go by their date.', validators=[django.core.validators.MinValueValidator(1, 'The position is a whole number from 1 to 20.'), django.core.validators.MaxValueValidator(20, 'The position is a whole number from 1 to 20.')])),
            ],
            options={
                'ordering': ['position', 'date', 'slug'],
                'constraints': [models.CheckConstraint(condition=models.Q(('latitude__gte', -90), ('latitude__lte', 90)), name='tour_stop_latitude', violation_error_message='A latitude is a number of degrees from -90 (South Pole) to 90 (North Pole).'), models.CheckConstraint(condition=models.Q(('longitude__gte', -180), ('longitude__lte', 180)), name='tour_stop_longitude', violation_error_message='A longitude is a number of degrees from -180 (west) to 180 (east).')],
            },
        ),
    ]
