"""How far the evaluation is, and the lock that lets one at a time."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import AlertProgress

COUNTED, EVALUATED, SLOW = "counted", "evaluated", "slow"
# Of this transaction: it ends with it, also behind a pool that shares connections.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('hub:alerts', 0))")
_PUT = text(
    "INSERT INTO alert_progress (name, at) VALUES (:name, :at)"
    " ON CONFLICT (name) DO UPDATE SET at = greatest(alert_progress.at, excluded.at)"
)


async def is_ours(session: AsyncSession) -> bool:
    """False while another transaction evaluates."""
    return bool(await session.scalar(_LOCK))


async def get(session: AsyncSession, name: str) -> datetime | None:
    row = await session.get(AlertProgress, name, populate_existing=True)
    return row.at if row else None


async def put(session: AsyncSession, name: str, at: datetime) -> None:
    """Never backwards: a clock that was set back counts nothing twice."""
    await session.execute(_PUT, {"name": name, "at": at})
