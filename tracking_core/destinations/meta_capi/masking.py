"""What of Meta's answer may be stored and shown: no token, no e-mail, no phone, no hash of a person."""

import re
from collections.abc import Iterable

from tracking_core.identity.text import visible
from tracking_core.logging import MASK, mask_text
from tracking_core.safety.scanner import mask

# A phone, or any other number of ten digits or more with at most two separators between digits.
_LONG_NUMBER = re.compile(r"\+?[0-9](?:[\s().-]{0,2}[0-9]){9,}")
_HASH = re.compile(r"\b[0-9a-fA-F]{64}\b")
_NAMED_SECRET = re.compile(r"(access_token|appsecret_proof|app_secret)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+")
_SHORTEST_SECRET = 6


def masked(text: str, *, secrets: Iterable[str] = (), limit_bytes: int) -> str:
    """The text without controls and with everything private replaced, cut to ``limit_bytes`` of UTF-8."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    text = " ".join(visible(line) for line in text.split())
    text = _NAMED_SECRET.sub(rf"\1\2{MASK}", mask(mask_text(text)))
    text = _LONG_NUMBER.sub(MASK, _HASH.sub(MASK, text))
    return text.encode()[:limit_bytes].decode(errors="ignore")
