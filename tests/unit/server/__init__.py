"""The server's rules, without a server."""
