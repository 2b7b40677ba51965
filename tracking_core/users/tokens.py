"""Random tokens of which only the SHA-256 is kept."""

import secrets

from tracking_core.kit.hashing import sha256_bytes

_BYTES = 32


def new_token(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(_BYTES)


def hash_of(token: str) -> bytes:
    return sha256_bytes(token.encode(errors="replace"))
