"""Promises that were not kept. To have a case is no answer: it is late until a person writes to the seller, and people
are told once for each promise, over every channel there is."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import AWAY, transaction
from tracking_core.handoff import notes, rows
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.telling import announced, happened
from tracking_core.logging import lines_about, lines_apart
from tracking_core.models import SetupHandoff
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType

_LIMIT = 500
# ``notes.is_answered`` for many at once, so that those a person works on keep none that waits out of the count.
_UNANSWERED = text("""
(SELECT coalesce(max(n) FILTER (WHERE note ->> 'kind' IN ('replied', 'asked')), 0)
    <= coalesce(max(n) FILTER (WHERE note -> 'due_at' IS NOT NULL), 0)
 FROM jsonb_array_elements(setup_handoffs.notes) WITH ORDINALITY AS noted (note, n))
""")
log = structlog.get_logger()


async def sweep(now: datetime, settings: Settings) -> int:
    """How many cases are late since now, each in a transaction of its own: one that fails keeps none from being told.
    Raises only when the database is away."""
    async with transaction() as session:
        query = select(SetupHandoff.id).where(*_is_late(now)).order_by(col(SetupHandoff.due_at)).limit(_LIMIT)
        late = (await session.scalars(query)).all()
    return sum([await _marked(handoff_id, now, settings) for handoff_id in late])


async def _marked(handoff_id: UUID, now: datetime, settings: Settings) -> bool:
    with lines_apart():
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
    lines_about(handoff.tenant_id, handoff.session_id)
    if handoff.state not in rows.LIVE or handoff.breached_at is not None or handoff.due_at > now:
        return False
    if notes.is_answered(handoff):
        return False
    handoff.breached_at = now
    note = notes.add(handoff, NoteKind.BREACHED, "hub", now)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    await announced(session, handoff, "breached", key=note["id"], settings=settings, now=now)
    return True


def _is_late(now: datetime) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return (
        text("state IN ('open', 'taken')"),  # as the index has it
        col(SetupHandoff.breached_at).is_(None),
        col(SetupHandoff.due_at) <= now,
        _UNANSWERED,
    )
