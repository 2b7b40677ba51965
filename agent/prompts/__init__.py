"""Prompts and playbooks: files under ``prompts/``, versioned, hashed, and the same for the model and for basic mode."""
