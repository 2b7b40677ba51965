"""What support is told of a setup that needs a person, over every channel the operator configured."""
