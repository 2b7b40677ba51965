"""How far the evaluation is, and the lock that lets one at a time."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

COUNTED, EVALUATED, SLOW = "counted", "evaluated", "slow"
# Of this transaction: it ends with it, also behind a pool that shares connections.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('hub:alerts', 0))")
_READ = text("SELECT name, at FROM alert_progress")
_PUT = text("""
INSERT INTO alert_progress (name, at)
SELECT name, at FROM unnest(CAST(:names AS text[]), CAST(:ats AS timestamptz[])) AS p(name, at)
ON CONFLICT (name) DO UPDATE SET at = greatest(alert_progress.at, excluded.at)
""")


async def is_ours(session: AsyncSession) -> bool:
    """False while another transaction evaluates."""
    return bool(await session.scalar(_LOCK))


async def read(session: AsyncSession) -> Mapping[str, datetime]:
    """What was never reached is not in it."""
    return {row.name: row.at for row in await session.execute(_READ)}


async def put(session: AsyncSession, reached: Mapping[str, datetime]) -> None:
    """Never backwards: a clock that was set back counts nothing twice."""
    await session.execute(_PUT, {"names": list(reached), "ats": list(reached.values())})
