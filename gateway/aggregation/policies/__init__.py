"""Policies: each takes a source and returns a source that does one thing more.

One file each, one function each. The order in a stack, outermost first:

    observe( fallback( caching( timeout( source ))))

``observe`` stands outside all, to see what the visitor sees. The cache stands outside the timeout,
so that an entry is not lost to a slow source.
"""
