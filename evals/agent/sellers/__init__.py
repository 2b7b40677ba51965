"""Who sets up: a seller with a script who reacts to what they see, or one played by a model."""
