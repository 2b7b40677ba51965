"""The gate every sale passes once, for ever: who inserts the key may tell Meta, anyone later is a duplicate."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db import bulk
from tracking_core.models import Conversion, DedupeEntry


async def claim(session: AsyncSession, conversions: Sequence[Conversion], now: datetime) -> set[UUID]:
    """The ids of the conversions whose event_id was free and is now theirs."""
    if not conversions:
        return set()
    by_key = {(one.tenant_id, one.event_id): one.id for one in reversed(conversions)}
    rows = [
        {"tenant_id": tenant, "key": key, "scope": "conversion", "claimed_at": now}
        for tenant, key in sorted(by_key, key=str)
    ]
    claimed = await bulk.insert(session, DedupeEntry, rows, returning="tenant_id, key")
    return {by_key[(tenant, key)] for tenant, key in claimed}
