"""Whole traffic on a virtual clock: what the policies promise together, in figures.

Every random number comes from a seeded generator, so that a figure is the same on every machine.
"""
