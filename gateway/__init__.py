"""The page aggregator: one Django ASGI gateway in front of several sources."""
