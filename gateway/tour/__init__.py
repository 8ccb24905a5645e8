"""The author's tour, and the weather of each of its cities."""
