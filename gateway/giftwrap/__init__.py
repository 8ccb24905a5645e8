"""Work that takes a while, begun at once and watched live."""
