"""Connections that wait for another token than the one a setup holds."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration.facts import MetaFact
from tracking_core.models import ConnectionState, MetaConnection


async def is_token_refused(session: AsyncSession, tenant_id: UUID, meta: MetaFact | None) -> bool:
    """Whether the dataset's connection is on hold with this very token since after it was checked. Checked once more
    and taken, the same token may be connected again."""
    if meta is None:
        return False
    query = select(MetaConnection.id).where(
        MetaConnection.tenant_id == tenant_id,
        MetaConnection.dataset_id == meta.dataset_id,
        MetaConnection.token_ref == meta.token_ref,
        MetaConnection.state == ConnectionState.ON_HOLD,
        col(MetaConnection.held_at) >= meta.checked_at,
        col(MetaConnection.disabled_at).is_(None),
    )
    return (await session.scalars(query)).first() is not None
