"""The gate every sale passes once, for ever: who inserts the key may tell Meta, anyone later is a duplicate."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

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
    statement = (
        insert(DedupeEntry)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(col(DedupeEntry.tenant_id), col(DedupeEntry.key))
    )
    return {by_key[(tenant, key)] for tenant, key in (await session.execute(statement)).all()}
