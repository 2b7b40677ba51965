"""Comparing secrets without telling how much of a guess was right, and without ever raising."""

import hmac


def secret_bytes(text: str) -> bytes:
    """The text's UTF-8 bytes; lone surrogates, which only an attacker or a broken proxy sends, pass through."""
    return text.encode("utf-8", "surrogatepass")


def same_secret(given: object, expected: str) -> bool:
    """Whether ``given`` is the text ``expected``, in constant time. An empty ``expected`` is never matched."""
    if not expected or not isinstance(given, str):
        return False
    return hmac.compare_digest(secret_bytes(given), secret_bytes(expected))


def hmac_hex(secret: str, message: bytes, algorithm: str) -> str:
    """Lower-case hex HMAC of ``message`` keyed with the UTF-8 bytes of ``secret``."""
    return hmac.new(secret_bytes(secret), message, algorithm).hexdigest()
