"""The proof: a real gateway, everything around it broken in every way, and what the page did.

``promises.py`` holds what is promised, ``stand.py`` the gateway and what can be broken around it.
"""
