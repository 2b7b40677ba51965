"""How the chat stands, for the status."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_STANDING = text("""
SELECT (SELECT mode FROM setup_chats WHERE session_id = :id) AS mode,
    EXISTS (SELECT FROM setup_turns WHERE session_id = :id AND state = 'running')
    OR EXISTS (SELECT FROM setup_messages WHERE session_id = :id AND role = 'seller' AND turn_id IS NULL)
    AS is_answering,
    (SELECT state FROM setup_handoffs WHERE session_id = :id AND state IN ('open', 'taken')) AS handoff
""")


async def standing(session: AsyncSession, session_id: UUID) -> dict[str, Any]:
    """``mode`` of the last answer (``ai``, ``basic`` or null), whether an answer is due, and whose the session is."""
    row = (await session.execute(_STANDING, {"id": session_id})).one()
    return {"mode": row.mode, "is_answering": row.is_answering, "handoff": row.handoff}
