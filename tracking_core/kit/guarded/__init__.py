"""HTTP requests to addresses that somebody else chose."""
