"""Who else looks at a case just now: a hint between colleagues, never a lock. It ends by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Whoever looks says so three times within it.
LIFE = timedelta(seconds=45)
_SWEEP = text("""
DELETE FROM desk_presence p USING (
    SELECT handoff_id, user_id FROM desk_presence WHERE seen_at < :gone FOR UPDATE SKIP LOCKED
) old WHERE (p.handoff_id, p.user_id) = (old.handoff_id, old.user_id)
""")
_LOOK = text("""
INSERT INTO desk_presence (handoff_id, user_id, seen_at) VALUES (:handoff_id, :user_id, :now)
ON CONFLICT (handoff_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
""")
_OTHERS = text("""
SELECT u.name FROM desk_presence p JOIN users u ON u.id = p.user_id
WHERE p.handoff_id = :handoff_id AND p.user_id <> :user_id AND p.seen_at >= :gone ORDER BY u.name
""")


async def look(session: AsyncSession, handoff_id: UUID, user_id: UUID, *, now: datetime) -> Sequence[str]:
    """They look at the case, which is there; the names of the others who do."""
    values = {"handoff_id": handoff_id, "user_id": user_id, "now": now, "gone": now - LIFE}
    await session.execute(_SWEEP, values)
    await session.execute(_LOOK, values)
    return (await session.scalars(_OTHERS, values)).all()
