"""What a wizard or an agent may do: thin, typed wrappers over the core, each written to the session's ledger."""
