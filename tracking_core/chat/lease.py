"""One worker at a time answers in a session, beside the one that holds its setup."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db import bulk
from tracking_core.db.leases import Lease
from tracking_core.models import SetupChat, SetupSession

LEASE = Lease("setup_chats", "session_id")


async def ensure(session: AsyncSession, session_id: UUID) -> None:
    """The row to hold; there may be one."""
    owner = await session.get_one(SetupSession, session_id)
    await bulk.insert(session, SetupChat, [{"session_id": owner.id, "tenant_id": owner.tenant_id, "fence": 0}])
