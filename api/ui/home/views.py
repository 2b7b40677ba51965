"""A seller's shops as the first page shows them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import SessionState, SetupSession, User
from tracking_core.setup import sessions
from tracking_core.setup.status import progress
from tracking_core.users import service as users

_SHOWN = 20


async def shops_of(session: AsyncSession, user: User) -> list[dict[str, Any]]:
    """Each with its newest setups."""
    shops = []
    for tenant in await users.tenants_of(session, user):
        rows = await sessions.newest(session, tenant.id, limit=_SHOWN)
        setups = [{"row": one, "progress": progress(one.stages)} for one in rows]
        shops.append({"tenant": tenant, "setups": setups, "is_live": any(map(_is_done, rows))})
    return shops


async def untouched(session: AsyncSession, tenant_id: UUID) -> SetupSession | None:
    """The newest setup, if nobody did anything in it so far."""
    newest = await sessions.newest(session, tenant_id, limit=1)
    is_new = bool(newest) and newest[0].state == SessionState.CREATED and not newest[0].intent_seq
    return newest[0] if is_new and newest[0].contact is None else None


def _is_done(setup: SetupSession) -> bool:
    return setup.state == SessionState.DONE
