"""A client for HTTP/1.1 that can do what sources need, and no more: GET, and one whole small reply.

docs/decisions/0032-a-client-that-only-asks.md says why there is one.
"""
