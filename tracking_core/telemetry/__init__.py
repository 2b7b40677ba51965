"""Traces, not recorded unless ``HUB_OTLP_ENDPOINT`` is set. What a sale's trace is: docs/decisions/0014."""
