"""Identifiers: time-ordered random ones for rows, reproducible ones for idempotency."""

import os
import time
from uuid import UUID, uuid5

# Fixed for ever: changing it would make every past event look new to Meta.
HUB_NAMESPACE = UUID("6f1d3c8e-5b0a-5e7e-9a51-0c2f8a4be9d7")


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): sortable by creation millisecond."""
    millis = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (millis & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62
    return UUID(int=value | random & 0x3FFFFFFFFFFFFFFF)


def stable_id(*parts: object) -> UUID:
    """The same UUID for the same parts, on any machine and any day. Parts are length-prefixed, so never ambiguous."""
    text = "".join(f"{len(str(part))}:{part}" for part in parts)
    return uuid5(HUB_NAMESPACE, text)
