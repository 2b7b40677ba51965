"""Setup sessions: who may see one, and how one begins."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.errors import Forbidden, NotFound
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.models import SetupSession
from tracking_core.setup.projection import initial_stages
from tracking_core.streams.append import EventType, append
from tracking_core.tenants import service as tenants

# Raised when the name of a node or the meaning of a key of the graph's state changes: an older session does not go on.
GRAPH_VERSION = 1


async def create(
    session: AsyncSession, tenant_id: UUID, *, caller: UUID, actor: str, locale: str = DEFAULT_LOCALE
) -> SetupSession:
    """A new session of the tenant. Raises NotFound (no such tenant) or Forbidden (the caller's key is another's)."""
    await tenants.get(session, tenant_id)
    if caller != tenant_id:
        raise Forbidden
    made = SetupSession(
        tenant_id=tenant_id, created_by=actor, locale=locale, stages=initial_stages(), graph_version=GRAPH_VERSION
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    record(session, actor=actor, action="setup.created", subject=str(made.id), tenant_id=tenant_id)
    await append(session, made.id, EventType.STATE, {"state": made.state})
    return made


async def get(session: AsyncSession, session_id: UUID, *, caller: UUID) -> SetupSession:
    """The session. Raises NotFound, or Forbidden when it is another tenant's."""
    found = await session.get(SetupSession, session_id)
    if found is None:
        raise NotFound(what="setup session")
    if found.tenant_id != caller:
        raise Forbidden
    return found


async def newest(session: AsyncSession, tenant_id: UUID, *, limit: int) -> list[SetupSession]:
    query = select(SetupSession).where(SetupSession.tenant_id == tenant_id)
    return list((await session.scalars(query.order_by(col(SetupSession.created_at).desc()).limit(limit))).all())
