"""Gift certificates and manuscripts."""
