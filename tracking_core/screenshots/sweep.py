"""Delete the pictures whose time is over."""

from datetime import datetime

import structlog
from sqlalchemy import update
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


async def _batch(now: datetime) -> int:
    due = (
        select(SetupScreenshot.id)
        .where(col(SetupScreenshot.sealed).is_not(None), col(SetupScreenshot.expires_at) <= now)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    emptied = update(SetupScreenshot).where(col(SetupScreenshot.id).in_(due)).values(**discarded(DiscardReason.EXPIRED))
    async with transaction() as session:
        done = await session.scalars(emptied.returning(col(SetupScreenshot.id)))
        return len(done.all())
