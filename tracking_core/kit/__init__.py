"""Small things with no domain word in them. Imports nothing above itself."""
