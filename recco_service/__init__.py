"""The recommendation service: what a member may like next, from what readers bought together."""
