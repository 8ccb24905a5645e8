"""The engine: asks several sources at once under one deadline and keeps what can be had in time.

It knows no Django, no HTTP and no books, and imports the standard library alone. Start reading at
``source.py`` (what a source is), then ``compose.py`` (how a page is made of them).
"""
