"""The home page's sources asked in three ways, side by side: what asking at once is worth."""
