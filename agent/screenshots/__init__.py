"""What a screenshot shows, read by a model that can do nothing else; without one, questions that ask the same."""
