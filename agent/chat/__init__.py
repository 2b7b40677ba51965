"""The chat graph: a model or rules choose words and read-only tools; what changes anything is a typed intent."""
