"""What was said in a session, for who looks at it: whole messages, and the answer that is being said now."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import literal, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from tracking_core.errors import NotFound
from tracking_core.models import SetupMessage, SetupScreenshot
from tracking_core.streams.append import EventType

_TOLD = text(
    "SELECT DISTINCT CAST(data ->> 'message_id' AS uuid) FROM session_events"
    " WHERE session_id = :session_id AND type = :type AND seq > :after"
)
_AUTHORS = text(
    "SELECT CAST(data ->> 'message_id' AS uuid), data ->> 'author' FROM session_events"
    " WHERE session_id = :session_id AND type = :type AND data ->> 'author' IS NOT NULL"
)
# What was taken back is said no more; whoever tells it anew begins with part 0.
_SAID = text("""
SELECT e.data ->> 'turn_id', CAST(e.data ->> 'part' AS integer), e.data ->> 'text' FROM session_events e
JOIN setup_turns t ON t.session_id = e.session_id AND t.state = 'running' AND e.data ->> 'turn_id' = t.id::text
WHERE e.session_id = :session_id AND e.type = :delta AND e.seq > coalesce((
    SELECT max(d.seq) FROM session_events d
    WHERE d.session_id = e.session_id AND d.type = :discarded AND d.data ->> 'turn_id' = t.id::text
), 0) ORDER BY e.seq
""")
_WITHOUT_PICTURE = defer(SetupScreenshot.sealed)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class BeingSaid:
    """The answer of a turn that runs, as far as it was told: ``parts`` of it."""

    turn_id: str
    parts: int
    text: str


async def newest(session: AsyncSession, session_id: UUID, *, limit: int) -> list[SetupMessage]:
    """Oldest first."""
    return await _last(session, _of(session_id), limit)


async def before(session: AsyncSession, session_id: UUID, message_id: UUID, *, limit: int) -> list[SetupMessage]:
    """Those that came last before the message, oldest first. Raises NotFound for a message of another session."""
    at = (await session.scalars(_of(session_id).where(SetupMessage.id == message_id))).first()
    if at is None:
        raise NotFound(what="message")
    moment = tuple_(literal(at.created_at), literal(at.id))
    earlier = tuple_(col(SetupMessage.created_at), col(SetupMessage.id)) < moment
    return await _last(session, _of(session_id).where(earlier), limit)


async def told_after(session: AsyncSession, session_id: UUID, number: int, *, limit: int) -> list[SetupMessage]:
    """What is new or was mended since the session's event of this number, oldest first. Events become visible in their
    order: who has seen one number has missed nothing before it, whatever clocks say."""
    values = {"session_id": session_id, "type": EventType.MESSAGE_COMPLETED, "after": number}
    told = (await session.execute(_TOLD, values)).scalars().all()
    return await _last(session, _of(session_id).where(col(SetupMessage.id).in_(told)), limit)


async def authors(session: AsyncSession, session_id: UUID) -> dict[UUID, str]:
    """Who of our people wrote, by message."""
    rows = await session.execute(_AUTHORS, {"session_id": session_id, "type": EventType.MESSAGE_COMPLETED})
    return {row[0]: row[1] for row in rows}


async def being_said(session: AsyncSession, session_id: UUID) -> BeingSaid | None:
    types = {"delta": EventType.MESSAGE_DELTA, "discarded": EventType.MESSAGE_DISCARDED}
    rows = (await session.execute(_SAID, {"session_id": session_id, **types})).all()
    if not rows:
        return None
    return BeingSaid(rows[-1][0], rows[-1][1] + 1, "".join(row[2] for row in rows))


async def pictures(
    session: AsyncSession, session_id: UUID, screenshot_ids: Collection[UUID]
) -> dict[UUID, SetupScreenshot]:
    """The session's screenshots of these, without the pictures."""
    query = select(SetupScreenshot).where(
        SetupScreenshot.session_id == session_id, col(SetupScreenshot.id).in_(screenshot_ids)
    )
    return {row.id: row for row in (await session.scalars(query.options(_WITHOUT_PICTURE))).all()}


def _of(session_id: UUID) -> SelectOfScalar[SetupMessage]:
    return select(SetupMessage).where(SetupMessage.session_id == session_id)


async def _last(session: AsyncSession, query: SelectOfScalar[SetupMessage], limit: int) -> list[SetupMessage]:
    at, by_id = col(SetupMessage.created_at), col(SetupMessage.id)
    rows = (await session.scalars(query.order_by(at.desc(), by_id.desc()).limit(limit))).all()
    return list(reversed(rows))
