"""Books and authors in the admin."""

from django.contrib import admin

from gateway.storefront.models import Author, Book


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Authors, with their slug made from the name."""

    list_display = ["name", "country", "born", "died"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """Books, newest first."""

    list_display = ["title", "author", "price", "currency", "added_on"]
    list_filter = ["added_on", "language"]
    search_fields = ["title", "isbn", "author__name"]
    autocomplete_fields = ["author"]
    ordering = ["-added_on"]
