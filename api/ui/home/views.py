"""A seller's shops as the first page shows them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import SessionState, SetupSession, User
from tracking_core.setup import sessions
from tracking_core.setup.status import progress
from tracking_core.users import service as users
from tracking_core.webhooks.heard import owed

_SHOWN = 20


async def shops_of(session: AsyncSession, user: User) -> list[dict[str, Any]]:
    """Each with its newest setups, and whether something is still theirs to do before a done one is ready."""
    shops = []
    for tenant in await users.tenants_of(session, user):
        rows = await sessions.newest(session, tenant.id, limit=_SHOWN)
        done = [one.id for one in rows if one.state == SessionState.DONE]
        due = await owed(session, done) if done else {}
        setups = [{"row": one, "progress": progress(one.stages), "is_owed": one.id in due} for one in rows]
        shops.append({"tenant": tenant, "setups": setups, "is_live": len(done) > len(due), "has_sales": bool(done)})
    return shops


async def untouched(session: AsyncSession, tenant_id: UUID) -> SetupSession | None:
    """The newest setup, if nobody did anything in it so far."""
    newest = await sessions.newest(session, tenant_id, limit=1)
    is_new = bool(newest) and newest[0].state == SessionState.CREATED and not newest[0].intent_seq
    return newest[0] if is_new and newest[0].contact is None else None
