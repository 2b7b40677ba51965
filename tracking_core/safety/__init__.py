"""What keeps credentials and untrusted text from doing harm: found, redacted, bounded, rendered from an allow-list."""
