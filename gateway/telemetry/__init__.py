"""Listeners: what becomes of the facts that the engine reports."""
