"""Members: who they are, and how they sign in and out."""
