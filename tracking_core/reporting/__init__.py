"""What the operations console shows: the same rows for one tenant or for all of them. Reads only."""
