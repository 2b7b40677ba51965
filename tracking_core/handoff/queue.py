"""The desk's queue: what waits for a person, and what did."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import NotFound
from tracking_core.handoff.notes import is_answered
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.telling import projected
from tracking_core.models import HandoffState, SetupHandoff, Tenant

_DUE = col(SetupHandoff.due_at)
_CLOSED = func.coalesce(col(SetupHandoff.closed_at), col(SetupHandoff.updated_at))


class Order(StrEnum):
    DUE = "due"  # the most pressing first
    CLOSED = "closed"  # what was closed last first


async def queue(
    session: AsyncSession,
    *,
    states: Sequence[HandoffState] = LIVE,
    owner: str | None = None,
    tenant_id: UUID | None = None,
    order: Order = Order.DUE,
    limit: int,
    after: UUID | None,
    now: datetime,
) -> list[dict[str, Any]]:
    """The cases in one of the states, of one owner and one tenant or of all. ``after`` is the id of the last one seen,
    and raises NotFound when there is none."""
    query = select(SetupHandoff, Tenant.name).join(Tenant).where(col(SetupHandoff.state).in_(states))
    if owner is not None:
        query = query.where(SetupHandoff.owner == owner)
    if tenant_id is not None:
        query = query.where(SetupHandoff.tenant_id == tenant_id)
    if after is not None:
        seen = await session.get(SetupHandoff, after)
        if seen is None:
            raise NotFound(what="handoff")
        query = query.where(_comes_after(seen, order))
    by_id = col(SetupHandoff.id)
    ordered = (_CLOSED.desc(), by_id.desc()) if order is Order.CLOSED else (_DUE, by_id)
    rows = (await session.execute(query.order_by(*ordered).limit(limit))).all()
    return [listed(handoff, name, now) for handoff, name in rows]


def _comes_after(seen: SetupHandoff, order: Order) -> ColumnElement[bool]:
    by_id = col(SetupHandoff.id)
    if order is Order.CLOSED:
        return tuple_(_CLOSED, by_id) < tuple_(literal(seen.closed_at or seen.updated_at), literal(seen.id))
    return tuple_(_DUE, by_id) > tuple_(literal(seen.due_at), literal(seen.id))


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
