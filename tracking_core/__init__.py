"""The deterministic product: collect, match, consent, deliver, audit. Runs with no LLM library installed."""
