"""``make soak``: the hub under steady load and random faults for half an hour, and what must be true afterwards."""
