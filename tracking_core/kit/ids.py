"""Identifiers: time-ordered random ones for rows, reproducible ones for idempotency."""

import hashlib
import os
import time
from uuid import UUID

# Fixed for ever: changing it would make every past event look new to Meta.
HUB_NAMESPACE = UUID("6f1d3c8e-5b0a-5e7e-9a51-0c2f8a4be9d7")
_NAMESPACE_BYTES = HUB_NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): sortable by creation millisecond."""
    return UUID(new_hex())


def new_hex() -> str:
    """The 32 digits of a ``new_id``, without the cost of the object."""
    random = os.urandom(10).hex()
    return f"{time.time_ns() // 1_000_000:012x}7{random[:3]}{_VARIANT[random[3]]}{random[4:19]}"


def stable_id(*parts: object) -> UUID:
    """The same UUID (version 5) for the same parts, on any machine and any day. Parts are length-prefixed, so never
    ambiguous."""
    return UUID(stable_hex(*parts))


def stable_hex(*parts: object) -> str:
    """The 32 digits of a ``stable_id``, without the cost of the object."""
    texts = [str(part) for part in parts]
    name = "".join([f"{len(text)}:{text}" for text in texts])
    digits = hashlib.sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:12]}5{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:32]}"
