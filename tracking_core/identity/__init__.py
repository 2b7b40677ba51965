"""A person's identifiers in one normal form, shared by matching, the collector and the Meta payload."""
