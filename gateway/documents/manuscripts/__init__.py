"""Manuscripts: files of up to 100 MB that never sit in memory, by tus or by a plain form."""
