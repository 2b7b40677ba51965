"""What the seller wrote to a person who did not answer it any more waits for the agent again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tracking_core.handoff import notes
from tracking_core.handoff.notes import NoteKind
from tracking_core.models import MessageRole, SetupHandoff, SetupMessage


async def give_back(session: AsyncSession, handoff: SetupHandoff) -> None:
    """A message is the case's by its ``turn_id``. The case is locked, so that none is forwarded meanwhile."""
    theirs = (col(SetupMessage.turn_id) == handoff.id, col(SetupMessage.role) == MessageRole.SELLER)
    await session.execute(update(SetupMessage).where(*theirs, _is_unanswered(handoff)).values(turn_id=None))


def _is_unanswered(handoff: SetupHandoff) -> ColumnElement[bool]:
    """Written after a person's last word, or forwarded after it: what was on its way meanwhile, they had not seen."""
    answered = [one for one in handoff.notes if one["kind"] in notes.ANSWERS]
    if not answered:
        return true()
    since = notes.since_answer(handoff)
    forwarded = [UUID(one["key"]) for one in since if one["kind"] == NoteKind.SELLER_SAID]
    written = col(SetupMessage.created_at) > datetime.fromisoformat(answered[-1]["at"])
    return or_(written, col(SetupMessage.id).in_(forwarded))
