"""Write down how a try ended, on the message and on its channel."""

from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.channels.standing import note_failure, note_success
from tracking_core.alerts.message_lease import Leased
from tracking_core.audit.service import record
from tracking_core.notifications.kinds import Failed, FailureKind
from tracking_core.notifications.retry_policy import next_attempt

log = structlog.get_logger()
SUPERSEDED = "superseded"
# Whoever else sent it meanwhile, it has arrived.
_SENT = text("""
UPDATE alert_messages SET state = 'sent', sent_at = :now, lease_until = NULL, error = NULL
WHERE id = :id AND state = 'waiting'
""")
# Attempts are the fence: they grow with every lease.
_ENDED = text("""
UPDATE alert_messages SET state = :state, due_at = coalesce(:due_at, due_at), lease_until = NULL, error = :error
WHERE id = :id AND state = 'waiting' AND attempts = :attempts RETURNING id
""")
# What does not get through does not get through for the next one either, and a receiver that asks to wait means all.
_POSTPONED = text("""
UPDATE alert_messages SET due_at = greatest(due_at, :due_at)
WHERE channel_id = :channel AND state = 'waiting' AND id <> :id AND coalesce(lease_until, :now) <= :now
""")


async def sent(session: AsyncSession, leased: Leased, now: datetime) -> None:
    await session.execute(_SENT, {"id": leased.message.id, "now": now})
    await note_success(session, leased.channel.id, now)


async def superseded(session: AsyncSession, leased: Leased) -> None:
    """What it would tell is so no more."""
    await _end(session, leased, SUPERSEDED, None)


async def failed(session: AsyncSession, leased: Leased, outcome: Failed, now: datetime) -> None:
    message, again_at = leased.message, None
    if outcome.kind is not FailureKind.PERMANENT:
        wait = outcome.retry_after_seconds
        again_at = next_attempt(message.attempts, message.created_at, now, retry_after_seconds=wait)
    if not await _end(session, leased, outcome.error, again_at):
        return  # the lease was over, and whoever has it now tells
    _log(leased, outcome, again_at)
    await note_failure(session, leased.channel.id, outcome)
    if again_at is None:
        _bury(session, leased, outcome)
    else:
        values = {"id": message.id, "channel": leased.channel.id, "due_at": again_at, "now": now}
        await session.execute(_POSTPONED, values)


async def _end(session: AsyncSession, leased: Leased, error: str, again_at: datetime | None) -> bool:
    values = {
        "id": leased.message.id,
        "attempts": leased.message.attempts,
        "state": "waiting" if again_at else "dead",
        "due_at": again_at,
        "error": error,
    }
    return (await session.execute(_ENDED, values)).first() is not None


def _log(leased: Leased, outcome: Failed, again_at: datetime | None) -> None:
    level = log.warning if again_at and outcome.kind is FailureKind.TRANSIENT else log.error
    level(
        "alert_message_failed" if again_at else "alert_message_dead",
        message_id=str(leased.message.id),
        channel_id=str(leased.channel.id),
        kind=leased.channel.kind,
        failure=outcome.kind.value,
        error=outcome.error,
        attempts=leased.message.attempts,
    )


def _bury(session: AsyncSession, leased: Leased, outcome: Failed) -> None:
    record(
        session,
        actor="alerts",
        action="alert_message.dead",
        subject=str(leased.message.id),
        tenant_id=leased.channel.tenant_id,
        alert_id=str(leased.alert.id),
        channel_id=str(leased.channel.id),
        error=outcome.error,
        attempts=leased.message.attempts,
    )
