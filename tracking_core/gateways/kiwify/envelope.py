"""Where the order stands in a body: at the root, or under ``order`` beside ``url`` and ``signature``."""

from typing import Any


def order_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The object the sale is read from. ``verify`` and ``normalize`` share this, so what is proved is what is read."""
    inner = payload.get("order")
    return inner if isinstance(inner, dict) else payload
