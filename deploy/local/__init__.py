"""The whole shop on one machine without containers: ``python -m deploy.local``.

Embedded Postgres and Redis, the two services and the gateway, started, watched and ended together.
"""
