"""A person's identifiers in the one form that matching, the collector and Meta share."""
