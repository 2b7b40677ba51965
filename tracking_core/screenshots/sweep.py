"""Delete the pictures whose time is over."""

from datetime import datetime

import structlog
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.models import SetupScreenshot
from tracking_core.screenshots.service import DiscardReason, discarded

_BATCH = 500
log = structlog.get_logger()


async def sweep(now: datetime) -> int:
    """How many; each batch is a transaction of its own."""
    total = 0
    while count := await _batch(now):
        total += count
    if total:
        log.info("screenshots_expired", screenshots=total)
    return total


async def due(session: AsyncSession, now: datetime, *, at_most: int) -> int:
    """How many a sweep would delete, counted up to ``at_most``."""
    found = select(SetupScreenshot.id).where(*_is_over(now)).limit(at_most)
    return await session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _is_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(SetupScreenshot.sealed).is_not(None), col(SetupScreenshot.expires_at) <= now


async def _batch(now: datetime) -> int:
    chosen = select(SetupScreenshot.id).where(*_is_over(now)).limit(_BATCH).with_for_update(skip_locked=True)
    emptied = (
        update(SetupScreenshot).where(col(SetupScreenshot.id).in_(chosen)).values(**discarded(DiscardReason.EXPIRED))
    )
    async with transaction() as session:
        done = await session.scalars(emptied.returning(col(SetupScreenshot.id)))
        return len(done.all())
