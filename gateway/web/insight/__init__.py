"""What one request did, shown on its own page: for staff, and where DEBUG is on."""
