"""The chat of a setup without its words: messages that wait for an answer, turns that answer them, once."""
