"""Our own people and their desks."""
