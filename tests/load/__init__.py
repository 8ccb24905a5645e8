"""Measured and shown on a shop of its own: ``make overload``, ``make soak``, ``make chaos``."""
