"""The hops of one sale, each told from what its stage kept."""
