"""Rules that name what people really misconfigure, each with a reason and a remedy."""
