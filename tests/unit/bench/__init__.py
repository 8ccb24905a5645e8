"""The rules of the comparison of pages."""
