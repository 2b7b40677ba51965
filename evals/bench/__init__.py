"""``make bench``: how fast, against a stated limit measured in the same run. Bounded, loopback only, two cores."""
