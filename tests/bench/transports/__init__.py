"""The HTTP transports side by side: ``python -m tests.bench.transports`` prints the table."""
