"""Gift certificates: a form, an address that nobody can guess, and a PDF made on the fly."""
