"""What the hub promises, whether it keeps it, and who is told when it does not."""
