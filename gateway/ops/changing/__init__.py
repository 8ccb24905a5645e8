"""Changing what gateways do while they run: what may be changed, how it is judged, and noted."""
