"""What a closed shop leaves behind of people goes within two hours of its end, by the statements by which everybody's
goes when its days are over. Nobody could be found and erased there: the key by which people are known is destroyed.

A shop is marked when nothing was left. One whose emptying was stopped is begun again: what is gone is not found anew.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.db.partitions import week_start
from tracking_core.models import Tenant
from tracking_core.retention import steps
from tracking_core.retention.kinds import Step
from tracking_core.retention.sweeps import Sweep

# What was under way when the shop was closed has an outcome by then, and no process knows a key of it any more.
GRACE = timedelta(hours=1)
_BATCH = 5_000
# Events are found by when they came: an hour's pages of one partition are read for each statement, and of all shops.
_SLICE = timedelta(hours=1)
_EVENTS = text(
    "DELETE FROM tracking_events WHERE tenant_id = :tenant AND received_at >= :since AND received_at < :until"
)
_OLDEST = text("SELECT min(received_at) FROM tracking_events")
# Nothing of a closed shop is kept for its age.
_WHATEVER_ITS_AGE = timedelta(days=365)
log = structlog.get_logger()


class ClosedShops(Sweep):
    """``steps`` are about one shop, ``:tenant``."""

    def __init__(self, steps_of_shop: tuple[Step, ...]) -> None:
        self._steps = steps_of_shop

    async def due(self, session: AsyncSession, cutoff: datetime, now: datetime, *, at_most: int) -> int:
        """Shops, not rows."""
        return min(len(await _left(session, cutoff)), at_most)

    async def run(self, cutoff: datetime, now: datetime) -> int:
        async with transaction() as session:
            left = await _left(session, cutoff)
        return sum([await self._empty(tenant_id, now) for tenant_id in left])

    async def _empty(self, tenant_id: UUID, now: datetime) -> int:
        rows = sum([count async for count in self._rows(tenant_id, now)])
        async with transaction() as session:
            tenant = await session.get_one(Tenant, tenant_id)
            tenant.emptied_at = now
        log.info("closed_shop_emptied", tenant_id=str(tenant_id), rows=rows)
        return rows

    async def _rows(self, tenant_id: UUID, now: datetime) -> AsyncIterator[int]:
        async for count in _events(tenant_id, now):
            yield count
        for step in self._steps:
            while count := await _batch(step, tenant_id, now):
                yield count


async def _left(session: AsyncSession, cutoff: datetime) -> Sequence[UUID]:
    is_left = (col(Tenant.closed_at) < cutoff - GRACE, col(Tenant.emptied_at).is_(None))
    return (await session.scalars(select(Tenant.id).where(*is_left).order_by(col(Tenant.closed_at)))).all()


async def _batch(step: Step, tenant_id: UUID, now: datetime) -> int:
    async with transaction() as session:
        cutoff = now + _WHATEVER_ITS_AGE
        return await steps.clear(session, step, cutoff, limit=_BATCH, tenant=tenant_id)


async def _events(tenant_id: UUID, now: datetime) -> AsyncIterator[int]:
    async with transaction() as session:
        oldest = await session.scalar(_OLDEST)
    since = week_start(oldest or now)
    while since <= now:
        async with transaction() as session:
            values = {"tenant": tenant_id, "since": since, "until": since + _SLICE}
            yield (await session.execute(_EVENTS, values)).rowcount  # type: ignore[attr-defined]
        since += _SLICE
