"""People who sign in to the pages."""
