"""Django's own tests of its ASGI handler, with ours in its place.

``python -m tests.django_suite`` fetches them, as the source of just the locked Django, and
runs them twice: with the views as they are, which go Django's way, and with every view native.
``places.py`` says what is adapted, and why.
"""
