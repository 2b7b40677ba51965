"""The gateways' own APIs, as strict as their documentation: OAuth, sales, webhooks. ``/_control`` is for tests."""
