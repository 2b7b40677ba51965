"""What the console shows and no service told yet: the tenants, the vault's rows, what happens now. Reads only."""
