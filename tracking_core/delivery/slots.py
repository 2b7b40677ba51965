"""The concurrency limit of a connection: a worker holds one of its few slots while it sends."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.settings import Settings

_TAKE = """
INSERT INTO delivery_slots (connection_id, slot, expires_at, holder)
VALUES (:connection, :slot, :expires, :holder)
ON CONFLICT (connection_id, slot) DO UPDATE SET expires_at = excluded.expires_at, holder = excluded.holder
WHERE delivery_slots.expires_at < :now RETURNING slot
"""
_RELEASE = "UPDATE delivery_slots SET expires_at = :now WHERE connection_id = :connection AND holder = :holder"
_RENEW = "UPDATE delivery_slots SET expires_at = :expires WHERE connection_id = :connection AND holder = :holder"


async def take(connection_id: UUID, holder: UUID, settings: Settings) -> bool:
    """Whether a slot was free; a slot whose holder died is free once it expired."""
    now = clock.now()
    expires = now + timedelta(seconds=settings.delivery_lease_seconds)
    async with transaction() as session:
        for slot in range(settings.delivery_slots):
            values = {"connection": connection_id, "slot": slot, "expires": expires, "holder": holder, "now": now}
            if (await session.execute(text(_TAKE), values)).first():
                return True
    return False


async def renew(connection_id: UUID, holder: UUID, settings: Settings) -> None:
    expires = clock.now() + timedelta(seconds=settings.delivery_lease_seconds)
    async with transaction() as session:
        await session.execute(text(_RENEW), {"connection": connection_id, "holder": holder, "expires": expires})


async def release(connection_id: UUID, holder: UUID) -> None:
    async with transaction() as session:
        await session.execute(text(_RELEASE), {"connection": connection_id, "holder": holder, "now": clock.now()})
