"""How the cost of a page grows: with its fragments, its payloads, and those who wait for it."""
