"""The reference to a setup that stands in a page of somebody else's: signed by us, good for a month, or until the
seller withdraws all that were given."""

import hashlib
from datetime import timedelta
from uuid import UUID

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.models import SetupSession, Tenant
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


def token_of(setup: SetupSession) -> str:
    return _serializer().dumps([setup.id.hex, setup.embed_epoch])


def withdraw(setup: SetupSession) -> None:
    """No token given so far shows it any more."""
    setup.embed_epoch += 1


async def setup_of_token(session: AsyncSession, token: str) -> SetupSession:
    """Raises EmbedExpired, also once the shop was closed."""
    session_id, epoch = _read(token)
    found = await session.get(SetupSession, session_id, populate_existing=True)
    if found is None or found.embed_epoch != epoch or await _is_closed(session, found.tenant_id):
        raise EmbedExpired
    return found


def session_id_of(token: str) -> UUID:
    """Of one that was good a moment ago. Raises EmbedExpired."""
    return _read(token)[0]


async def is_good(token: str) -> bool:
    """In a transaction of its own, for a stream."""
    try:
        async with transaction() as session:
            await setup_of_token(session, token)
    except EmbedExpired:
        return False
    return True


async def _is_closed(session: AsyncSession, tenant_id: UUID) -> bool:
    return (await session.get_one(Tenant, tenant_id, populate_existing=True)).closed_at is not None


def _read(token: str) -> tuple[UUID, int]:
    """The setup, and when among its withdrawals the token was given. Raises EmbedExpired."""
    try:
        said = _serializer().loads(token, max_age=int(LIFE.total_seconds()))
        # Those of before there were withdrawals name the setup alone.
        session_id, epoch = (said, 0) if isinstance(said, str) else said
        return UUID(session_id), int(epoch)
    except (BadData, ValueError, TypeError):
        raise EmbedExpired from None


def _serializer() -> URLSafeTimedSerializer:
    # It signs with the last key and takes any.
    keys = list(reversed(process_keyring().derived("embed")))
    return URLSafeTimedSerializer(keys, salt="status", signer=_Signer)
