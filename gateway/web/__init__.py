"""What every page shares: the way in, the middleware, the headers, the error pages, health."""
