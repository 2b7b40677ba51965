"""A credential as it was pasted, made fit to be kept or refused."""

import unicodedata

from tracking_core.errors import InvalidRequest

LIMIT_BYTES = 8_192
EMPTY = "The value is empty."
TOO_LONG = "The value is too long to be a credential."
INVISIBLE = "The value holds a line break or an invisible character. Copy it again, by itself."
# Controls, invisible formatting, halves of characters, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def cleaned(value: str) -> str:
    """Without surrounding space. Raises InvalidRequest, which never repeats the value."""
    text = value.strip()
    if not text:
        raise _refused("empty", EMPTY)
    # Characters first: half a surrogate pair has no bytes, and an encoding error would quote the value.
    if len(text) > LIMIT_BYTES:
        raise _refused("too_long", TOO_LONG)
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        raise _refused("invalid", INVISIBLE)
    if len(text.encode()) > LIMIT_BYTES:
        raise _refused("too_long", TOO_LONG)
    return text


def _refused(code: str, message: str) -> InvalidRequest:
    return InvalidRequest([{"field": "value", "code": code, "message": message}])
