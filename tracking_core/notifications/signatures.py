"""Signatures of our outgoing webhook, as Standard Webhooks defines them (standardwebhooks.com, version 1).

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``<webhook-id>.<webhook-timestamp>.<body>``. The key
is the secret's own bytes, or what the base64 after ``whsec_`` stands for.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_SECONDS = 300
_PREFIX, _VERSION = "whsec_", "v1"


def sign(secret: str, webhook_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers. Raises ValueError when ``whsec_`` is not followed by base64."""
    timestamp = str(int(at.timestamp()))
    return {
        ID: webhook_id,
        TIMESTAMP: timestamp,
        SIGNATURE: f"{_VERSION},{_digest(secret, webhook_id, timestamp, body)}",
    }


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """For receivers: whether the raw body is ours and not older than five minutes. ``headers`` have lower-case names.

    Whoever has seen ``webhook-id`` before has the same notification again and answers 2xx without doing anything.
    """
    webhook_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not webhook_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = _digest(secret, webhook_id, timestamp, body).encode()
    given = [one.partition(",") for one in headers.get(SIGNATURE, "").split()]
    return any(version == _VERSION and hmac.compare_digest(digest.encode(), expected) for version, _, digest in given)


def _digest(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError("whsec_ is to be followed by base64") from None
