"""The staff's page: faults on purpose, purges, and how upstreams look from this gateway."""
