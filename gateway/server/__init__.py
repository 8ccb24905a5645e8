"""The server around the application: bounded on the way in, graceful on the way out."""
