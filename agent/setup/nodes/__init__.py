"""The graph's nodes. A node returns what changed and writes the projection itself."""
