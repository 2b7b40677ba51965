"""Promises that were not kept: people are told once more, over every channel there is."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import AWAY, transaction
from tracking_core.handoff import notes, rows
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.telling import announced, happened
from tracking_core.models import HandoffState, SetupHandoff
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType

_LIMIT = 500
log = structlog.get_logger()


async def sweep(now: datetime, settings: Settings) -> int:
    """How many open cases are late since now, each in a transaction of its own: one that fails keeps none from being
    told. Raises only when the database is away."""
    async with transaction() as session:
        query = select(SetupHandoff.id).where(*_is_late(now)).order_by(col(SetupHandoff.due_at)).limit(_LIMIT)
        late = (await session.scalars(query)).all()
    return sum([await _marked(handoff_id, now, settings) for handoff_id in late])


async def _marked(handoff_id: UUID, now: datetime, settings: Settings) -> bool:
    try:
        async with transaction() as session:
            return await _mark(session, handoff_id, now, settings)
    except AWAY:
        raise
    except Exception as error:
        log.exception("handoff_breach_not_told", handoff_id=str(handoff_id), error=type(error).__name__)
        return False


async def _mark(session: AsyncSession, handoff_id: UUID, now: datetime, settings: Settings) -> bool:
    handoff, _ = await rows.locked(session, handoff_id)
    if handoff.state != HandoffState.OPEN or handoff.breached_at is not None or handoff.due_at > now:
        return False
    handoff.breached_at = now
    notes.add(handoff, NoteKind.BREACHED, "hub", now)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    await announced(session, handoff, "breached", key="breached", settings=settings, now=now)
    return True


def _is_late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(SetupHandoff.state) == HandoffState.OPEN,
        col(SetupHandoff.breached_at).is_(None),
        col(SetupHandoff.due_at) <= now,
    )
