"""One worker at a time holds a session. The fence grows at every take; who writes with an older one is refused."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import StaleFence

_TAKE = text("""
UPDATE setup_sessions SET lease_owner = :owner, lease_until = :until, fence = fence + 1
WHERE id = :id AND (lease_owner IS NULL OR lease_until <= :now) RETURNING fence
""")
_RENEW = text("""
UPDATE setup_sessions SET lease_until = :until WHERE id = :id AND fence = :fence AND lease_owner = :owner
""")
_RELEASE = text("""
UPDATE setup_sessions SET lease_owner = NULL, lease_until = NULL
WHERE id = :id AND fence = :fence AND lease_owner = :owner
""")
_HELD = text("SELECT fence FROM setup_sessions WHERE id = :id FOR UPDATE")


async def take(session: AsyncSession, session_id: UUID, owner: UUID, now: datetime, *, seconds: int) -> int | None:
    """The new fence, or None while another holds the session."""
    values = {"id": session_id, "owner": owner, "now": now, "until": now + timedelta(seconds=seconds)}
    taken = (await session.execute(_TAKE, values)).first()
    return int(taken.fence) if taken else None


async def renew(
    session: AsyncSession, session_id: UUID, owner: UUID, fence: int, now: datetime, *, seconds: int
) -> bool:
    """False when the session is another's by now."""
    values = {"id": session_id, "owner": owner, "fence": fence, "until": now + timedelta(seconds=seconds)}
    result = await session.execute(_RENEW, values)
    return bool(result.rowcount)  # type: ignore[attr-defined]


async def release(session: AsyncSession, session_id: UUID, owner: UUID, fence: int) -> None:
    await session.execute(_RELEASE, {"id": session_id, "owner": owner, "fence": fence})


async def require(session: AsyncSession, session_id: UUID, fence: int) -> None:
    """Lock the session's row for this transaction. Raises StaleFence when someone took the session since."""
    if (await session.execute(_HELD, {"id": session_id})).scalar_one_or_none() != fence:
        raise StaleFence
