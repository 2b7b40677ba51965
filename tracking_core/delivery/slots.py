"""The concurrency limit of a connection: a worker sends only while it holds one of the connection's few slots."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.settings import Settings

_RENEW = """
UPDATE delivery_slots SET expires_at = :expires
WHERE connection_id = :connection AND holder = :holder AND expires_at >= :now RETURNING slot
"""
_TAKE = """
INSERT INTO delivery_slots (connection_id, slot, expires_at, holder)
VALUES (:connection, :slot, :expires, :holder)
ON CONFLICT (connection_id, slot) DO UPDATE SET expires_at = excluded.expires_at, holder = excluded.holder
WHERE delivery_slots.expires_at < :now RETURNING slot
"""
_RELEASE = "DELETE FROM delivery_slots WHERE connection_id = :connection AND holder = :holder"


async def hold(session: AsyncSession, connection_id: UUID, holder: UUID, now: datetime, settings: Settings) -> bool:
    """Keep the slot the holder has, or take a free one; a slot whose holder died is free once it expired."""
    expires = now + timedelta(seconds=settings.delivery_lease_seconds)
    values = {"connection": connection_id, "holder": holder, "expires": expires, "now": now}
    if (await session.execute(text(_RENEW), values)).first():
        return True
    for slot in range(settings.delivery_slots):
        if (await session.execute(text(_TAKE), {**values, "slot": slot})).first():
            return True
    return False


async def release(session: AsyncSession, connection_id: UUID, holder: UUID) -> None:
    await session.execute(text(_RELEASE), {"connection": connection_id, "holder": holder})
