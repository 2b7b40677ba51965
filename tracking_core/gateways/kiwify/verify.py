"""Whether a webhook is signed with its token: query ``signature`` = hex HMAC-SHA1(token, raw body)."""

import orjson

from tracking_core.gateways.base import InboundRequest
from tracking_core.gateways.kiwify.envelope import order_of
from tracking_core.gateways.signatures import hmac_hex, same_secret

ALGORITHM = "sha1"  # the vendor's choice; HMAC-SHA1 is still unforgeable without the key


def verify(request: InboundRequest, secret: str) -> bool:
    """The query signature over the raw body; else, for a wrapped body, the one inside it over the inner order."""
    if not secret:
        return False
    if same_secret(request.query.get("signature"), hmac_hex(secret, request.body, ALGORITHM)):
        return True
    return _is_signed_inside(request.body, secret)


def _is_signed_inside(body: bytes, secret: str) -> bool:
    """What the inner signature signs is undocumented; the compact inner order is what it can be.

    Nothing outside of that order is proved by it, and nothing outside of it is read.
    """
    try:
        payload = orjson.loads(body)
        if not isinstance(payload, dict) or order_of(payload) is payload:
            return False
        compact = orjson.dumps(order_of(payload))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False
    return same_secret(payload.get("signature"), hmac_hex(secret, compact, ALGORITHM))
