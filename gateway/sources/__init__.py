"""Adapters: how a source is reached. The only rooms that import httpx, redis or psycopg."""
