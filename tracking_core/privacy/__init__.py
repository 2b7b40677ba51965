"""What the LGPD asks of the hub when a person asks: find all that is theirs, erase it, and prove it."""
