"""Whether the ledger has what the gateways sold: their lists of sales are read, what no webhook brought is taken in."""
