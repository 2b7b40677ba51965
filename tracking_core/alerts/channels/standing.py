"""Whether a channel works, as its row says. Proved is one that a message has reached."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.notifications.kinds import Failed

GONE = "http_410"
OFF = "channel_off"
_SUCCESS = text("UPDATE alert_channels SET last_ok_at = :now, last_error = NULL WHERE id = :id")
_FAILURE = text("UPDATE alert_channels SET last_error = :error, enabled = enabled AND NOT :is_gone WHERE id = :id")
_LEFT = text("UPDATE alert_messages SET state = 'dead', error = :error WHERE channel_id = :id AND state = 'waiting'")


async def note_success(session: AsyncSession, channel_id: UUID, now: datetime) -> None:
    await session.execute(_SUCCESS, {"id": channel_id, "now": now})


async def note_failure(session: AsyncSession, channel_id: UUID, outcome: Failed) -> None:
    """A receiver that says it is gone is not asked again: the channel goes off."""
    is_gone = outcome.error == GONE
    await session.execute(_FAILURE, {"id": channel_id, "error": outcome.error, "is_gone": is_gone})
    if is_gone:
        await drop_waiting(session, channel_id)


async def drop_waiting(session: AsyncSession, channel_id: UUID) -> None:
    """What waits for a channel that is off: switched on again, it begins with what happens then."""
    await session.execute(_LEFT, {"id": channel_id, "error": OFF})
