"""Policies: each takes a source and returns a source that does one thing more.

One file each, one function each. The order in a stack, outermost first:

    observe( fallback( caching( single_flight( storing( retry( hedge( measure( circuit_breaker(
        telling( bulkhead( timeout( fault_injection( source )))))))))))))

``observe`` stands outside all, to see what the visitor sees. The cache stands outside the breaker,
so that it can serve what is stale while the circuit is open; it reads outside the flight and writes
inside, so that of many who wait only one stores. The bulkhead stands outside the timeout, so that
queueing is never blamed on the upstream. Faults on purpose stand innermost, so that everything
sees what it would see if the source itself did so.

While staff have a source switched off, ``switched_off`` stands right inside ``fallback``.
"""
