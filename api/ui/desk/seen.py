"""Whether somebody who acts has seen what others did and said in the case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.ui.desk.errors import CaseMoved
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.rows import LIVE
from tracking_core.models import SetupHandoff, SetupMessage

_HUB = "hub"  # whose notes are the clock's alone


async def require_seen(session: AsyncSession, handoff: SetupHandoff, name: str, fields: Mapping[str, str]) -> None:
    """Raises CaseMoved. ``seen`` is when the case had changed last, ``read`` when the last message was written that the
    page showed. Whose the case is, the work itself asks."""
    if handoff.state not in LIVE or handoff.owner not in (None, name):
        return
    seen, read = _moment(fields.get("seen", "")), _moment(fields.get("read", ""))
    if seen is None:
        raise CaseMoved
    for note in handoff.notes:
        is_later = datetime.fromisoformat(note["at"]) > seen and note["by"] not in (name, _HUB)
        if is_later and not await _was_read(session, note, read):
            raise CaseMoved


async def _was_read(session: AsyncSession, note: Mapping[str, Any], read: datetime | None) -> bool:
    """What the seller wrote is in the conversation before it is noted in the case."""
    if note["kind"] != NoteKind.SELLER_SAID or read is None:
        return False
    message = await session.get(SetupMessage, UUID(note["key"]))
    return message is not None and message.created_at <= read


def _moment(text: str) -> datetime | None:
    """None for what is no moment, or one of no time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
