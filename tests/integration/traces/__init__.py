"""Traces, from the gateway to a collector of the test's own."""
