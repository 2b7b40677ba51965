"""A tenant's tracking configuration: planned from validated facts, applied with a ledger, undone, kept in versions."""
