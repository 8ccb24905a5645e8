"""What the pages need of each source, checked against whoever provides it."""
