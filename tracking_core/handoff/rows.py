"""A session's case, locked in one order: the session's row first, for every event locks it too."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import NotFound
from tracking_core.models import HandoffState, SetupHandoff, SetupSession

LIVE = (HandoffState.OPEN, HandoffState.TAKEN)
_IS_LIVE = text("state IN ('open', 'taken')")


async def current(session: AsyncSession, session_id: UUID, *, lock: bool = False) -> SetupHandoff | None:
    """The case that is open or taken. ``lock`` keeps it as it is until the transaction ends."""
    query = select(SetupHandoff).where(SetupHandoff.session_id == session_id, col(SetupHandoff.state).in_(LIVE))
    if lock:
        await lock_session(session, session_id)
        query = query.with_for_update()
    return (await session.scalars(query, execution_options={"populate_existing": True})).first()


async def latest(session: AsyncSession, session_id: UUID) -> SetupHandoff | None:
    """The newest case, closed ones too."""
    query = select(SetupHandoff).where(SetupHandoff.session_id == session_id)
    newest = query.order_by(col(SetupHandoff.created_at).desc(), col(SetupHandoff.id).desc()).limit(1)
    return (await session.scalars(newest, execution_options={"populate_existing": True})).first()


async def locked(session: AsyncSession, handoff_id: UUID) -> tuple[SetupHandoff, SetupSession]:
    """The case and its session. Raises NotFound."""
    session_id = await session.scalar(select(SetupHandoff.session_id).where(SetupHandoff.id == handoff_id))
    if session_id is None:
        raise NotFound(what="handoff")
    owner = await lock_session(session, session_id)
    return await session.get_one(SetupHandoff, handoff_id, with_for_update=True, populate_existing=True), owner


async def lock_session(session: AsyncSession, session_id: UUID) -> SetupSession:
    """Not against rows that refer to it: the seller goes on writing meanwhile."""
    query = select(SetupSession).where(SetupSession.id == session_id).with_for_update(key_share=True)
    found = (await session.scalars(query, execution_options={"populate_existing": True})).first()
    if found is None:
        raise NotFound(what="setup session")
    return found


async def insert_open(session: AsyncSession, made: SetupHandoff) -> SetupHandoff | None:
    """The new case, or None when the session has one."""
    values = made.model_dump()
    statement = insert(SetupHandoff).values(values)
    added = statement.on_conflict_do_nothing(index_elements=["session_id"], index_where=_IS_LIVE)
    return (await session.scalars(added.returning(SetupHandoff))).first()
