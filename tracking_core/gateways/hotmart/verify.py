"""Whether a webhook carries the account's hottok. Hotmart signs nothing; the token is the whole proof."""

import orjson

from tracking_core.gateways.base import InboundRequest
from tracking_core.gateways.signatures import same_secret

HEADER = "x-hotmart-hottok"


def verify(request: InboundRequest, secret: str) -> bool:
    """The header decides; only where it is absent does a root ``hottok`` in the body count, as some events send it."""
    given = request.headers.get(HEADER)
    return same_secret(given or _token_in(request.body), secret)


def _token_in(body: bytes) -> object:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return payload.get("hottok") if isinstance(payload, dict) else None
