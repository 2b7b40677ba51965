"""Basic mode: rules in the place of a language model. They understand what a seller of this product commonly says, call
the same tools, and explain from the same playbooks."""
