"""Digests of values that must not be kept in clear."""

import hashlib


def sha256_hex(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 text: the form Meta and our own indexes share."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_bytes(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
