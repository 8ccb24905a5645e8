"""uvicorn in Daphne's place: bounded in the same way, and with the same end."""
