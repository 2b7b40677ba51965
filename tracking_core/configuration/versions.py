"""Versions of a tenant's configuration. At most one is active; an older one can be activated again."""

from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.models import ConfigurationState, TrackingConfiguration


async def active_version(session: AsyncSession, tenant_id: UUID) -> tuple[TrackingConfiguration | None, int]:
    """The active version, and the highest number given so far (0 before the first)."""
    newest = select(func.max(TrackingConfiguration.version)).where(TrackingConfiguration.tenant_id == tenant_id)
    active = select(TrackingConfiguration).where(
        TrackingConfiguration.tenant_id == tenant_id, TrackingConfiguration.state == ConfigurationState.ACTIVE
    )
    found = (await session.scalars(active, execution_options={"populate_existing": True})).first()
    return found, (await session.scalars(newest)).one() or 0


async def get_version(session: AsyncSession, tenant_id: UUID, version: int) -> TrackingConfiguration:
    """That version. Raises NotFound."""
    query = select(TrackingConfiguration).where(
        TrackingConfiguration.tenant_id == tenant_id, TrackingConfiguration.version == version
    )
    found = (await session.scalars(query, execution_options={"populate_existing": True})).first()
    if found is None:
        raise NotFound(what="configuration version")
    return found


async def list_versions(session: AsyncSession, tenant_id: UUID, *, limit: int = 50) -> list[TrackingConfiguration]:
    """Newest first."""
    query = select(TrackingConfiguration).where(TrackingConfiguration.tenant_id == tenant_id)
    return list((await session.scalars(query.order_by(col(TrackingConfiguration.version).desc()).limit(limit))).all())


async def activate_new(
    session: AsyncSession, tenant_id: UUID, spec: dict[str, Any], *, plan_hash: str, session_id: UUID | None
) -> TrackingConfiguration:
    """The next version, active from now on. The caller holds the tenant's row."""
    newest = await _supersede_active(session, tenant_id)
    made = TrackingConfiguration(
        tenant_id=tenant_id,
        version=newest + 1,
        spec=spec,
        plan_hash=plan_hash,
        session_id=session_id,
        created_at=clock.now(),
        activated_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    return made


async def activate_again(session: AsyncSession, tenant_id: UUID, version: int) -> TrackingConfiguration:
    """That version, active from now on. Raises NotFound. The caller holds the tenant's row."""
    await _supersede_active(session, tenant_id)
    again = await get_version(session, tenant_id, version)
    again.state, again.activated_at, again.ended_at = ConfigurationState.ACTIVE, clock.now(), None
    await session.flush()
    return again


async def _supersede_active(session: AsyncSession, tenant_id: UUID) -> int:
    active, newest = await active_version(session, tenant_id)
    if active is not None:
        active.state, active.ended_at = ConfigurationState.SUPERSEDED, clock.now()
        await session.flush()
    return newest
