"""The storefront: the home page, and the shelves of books and authors behind it."""
