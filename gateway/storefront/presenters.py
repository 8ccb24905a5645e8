"""Placeholder until the designer's presenters are there."""
def present_home(page): return {"page": page}
def present_books(page, number, filters): return {"page": page}
def present_authors(page, number): return {"page": page}
