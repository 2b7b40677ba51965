"""How often a step failed in one way since it last went well: what decides that a person is called."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import SetupFailure, SetupSession

# Counted once for each intent, however often the node that counts is run.
_COUNT = text("""
INSERT INTO setup_failures (session_id, step, fingerprint, tenant_id, count, last_intent_id, first_at, last_at)
VALUES (:session_id, :step, :fingerprint, :tenant_id, 1, :intent_id, :now, :now)
ON CONFLICT (session_id, step, fingerprint) DO UPDATE SET
    count = setup_failures.count
        + CASE WHEN setup_failures.last_intent_id = excluded.last_intent_id THEN 0 ELSE 1 END,
    last_intent_id = excluded.last_intent_id, last_at = excluded.last_at
RETURNING count
""")


async def count(
    session: AsyncSession, owner: SetupSession, *, step: str, fingerprint: str, intent_id: UUID, now: datetime
) -> int:
    """How often this step has failed in this way by now."""
    values = {
        "session_id": owner.id,
        "tenant_id": owner.tenant_id,
        "step": step,
        "fingerprint": fingerprint,
        "intent_id": intent_id,
        "now": now,
    }
    return int((await session.execute(_COUNT, values)).scalar_one())


async def clear(session: AsyncSession, session_id: UUID, step: str) -> None:
    """The step went well: what failed before it is over."""
    mine = (col(SetupFailure.session_id) == session_id, col(SetupFailure.step) == step)
    await session.execute(delete(SetupFailure).where(*mine))


async def clear_all(session: AsyncSession, session_id: UUID) -> None:
    """A person had the setup: what failed before is theirs, and calls nobody again."""
    await session.execute(delete(SetupFailure).where(col(SetupFailure.session_id) == session_id))


async def total(session: AsyncSession, session_id: UUID) -> int:
    query = select(func.coalesce(func.sum(SetupFailure.count), 0)).where(SetupFailure.session_id == session_id)
    return int(await session.scalar(query) or 0)
