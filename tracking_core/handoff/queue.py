"""The desk's queue: what waits for a person, the most pressing first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import NotFound
from tracking_core.handoff.notes import is_answered
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.telling import projected
from tracking_core.models import HandoffState, SetupHandoff, Tenant


async def queue(
    session: AsyncSession, *, state: HandoffState | None, limit: int, after: UUID | None, now: datetime
) -> list[dict[str, Any]]:
    """By ``due_at``; without a state, those that are open or taken. ``after`` is the id of the last one seen, and
    raises NotFound when there is none."""
    due, by_id = col(SetupHandoff.due_at), col(SetupHandoff.id)
    wanted = (state,) if state else LIVE
    query = select(SetupHandoff, Tenant.name).join(Tenant).where(col(SetupHandoff.state).in_(wanted))
    if after is not None:
        seen = await session.get(SetupHandoff, after)
        if seen is None:
            raise NotFound(what="handoff")
        query = query.where(tuple_(due, by_id) > tuple_(literal(seen.due_at), literal(seen.id)))
    rows = (await session.execute(query.order_by(due, by_id).limit(limit))).all()
    return [listed(handoff, name, now) for handoff, name in rows]


def listed(handoff: SetupHandoff, tenant_name: str, now: datetime) -> dict[str, Any]:
    """``seconds_left`` counts down to the promised answer until a person has written; below zero it is late."""
    is_due = handoff.state in LIVE and not is_answered(handoff)
    left = round((handoff.due_at - now).total_seconds()) if is_due else None
    return {
        **projected(handoff),
        "session_id": str(handoff.session_id),
        "tenant_id": str(handoff.tenant_id),
        "tenant_name": tenant_name,
        "seconds_left": left,
        "created_at": handoff.created_at.isoformat(),
        "taken_at": handoff.taken_at.isoformat() if handoff.taken_at else None,
        "closed_at": handoff.closed_at.isoformat() if handoff.closed_at else None,
    }
