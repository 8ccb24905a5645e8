"""What the shop sells."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models


class Author(models.Model):
    """Somebody who wrote books. Years before the common era are negative."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    born = models.SmallIntegerField(null=True, blank=True, help_text="Year; negative for BCE.")
    died = models.SmallIntegerField(null=True, blank=True, help_text="Year; negative for BCE.")
    country = models.CharField(max_length=80, blank=True)
    bio = models.TextField(blank=True, max_length=1000)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    """A book on the shelf."""

    isbn = models.CharField(
        "ISBN", max_length=13, primary_key=True, validators=[RegexValidator(r"^97[89]\d{10}$")]
    )
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    price = models.DecimalField(max_digits=7, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(
        max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    published = models.SmallIntegerField(help_text="Year of the first edition; negative for BCE.")
    language = models.CharField(max_length=40, default="English")
    pages = models.PositiveSmallIntegerField()
    tags = ArrayField(models.SlugField(max_length=40), default=list, blank=True)
    blurb = models.TextField(blank=True, max_length=1000)
    added_on = models.DateField(help_text="The day on which the shop began to sell it.")

    class Meta:
        ordering = ["title"]
        indexes = [
            models.Index(fields=["-added_on", "isbn"], name="book_new_arrivals"),
            GinIndex(fields=["tags"], name="book_tags"),
        ]

    def __str__(self) -> str:
        return self.title
