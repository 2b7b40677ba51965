"""The reference to a setup that stands in a page of somebody else's: signed by us, good for a month."""

import hashlib
from datetime import timedelta
from uuid import UUID

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.secrets.keyring import process_keyring

LIFE = timedelta(days=30)


class EmbedExpired(NotFound):
    """No token of ours, or none that is good any more."""

    code = "embed_expired"
    message = "This status is not shown here any more. Copy it anew from the setup."

    def __init__(self) -> None:
        super().__init__()


class _Signer(TimestampSigner):
    default_digest_method = staticmethod(hashlib.sha256)

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def token_of(session_id: UUID) -> str:
    return _serializer().dumps(session_id.hex)


def session_of(token: str) -> UUID:
    """Raises EmbedExpired."""
    try:
        return UUID(_serializer().loads(token, max_age=int(LIFE.total_seconds())))
    except (BadData, ValueError):
        raise EmbedExpired from None


def _serializer() -> URLSafeTimedSerializer:
    # It signs with the last key and takes any.
    keys = list(reversed(process_keyring().derived("embed")))
    return URLSafeTimedSerializer(keys, salt="status", signer=_Signer)
