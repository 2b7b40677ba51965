"""Write down how a try ended. One that is given up, or that is long in coming, is told of over the other channels."""

from datetime import datetime

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.models import SetupHandoff
from tracking_core.notifications.channels.configured import configured
from tracking_core.notifications.kinds import Failed, FailureKind, Kind, Sent
from tracking_core.notifications.message import Message
from tracking_core.notifications.outbox import announce_on
from tracking_core.notifications.retry_policy import ALARMING_ATTEMPTS, next_attempt
from tracking_core.settings import Settings

log = structlog.get_logger()
# Whoever else sent it meanwhile, it has arrived.
_SENT = text("""
UPDATE notifications SET state = 'sent', sent_at = :now, lease_until = NULL, error = NULL,
    external = external || CAST(:external AS jsonb)
WHERE id = :id AND state = 'waiting'
""")
# Attempts are the fence: they grow with every lease.
_FAILED = text("""
UPDATE notifications SET state = :state, due_at = coalesce(:due_at, due_at), lease_until = NULL, error = :error,
    external = external || CAST(:external AS jsonb)
WHERE id = :id AND state = 'waiting' AND attempts = :attempts RETURNING id
""")


async def sent(session: AsyncSession, message: Message, outcome: Sent, now: datetime) -> None:
    await session.execute(_SENT, {"id": message.id, "now": now, "external": _json(outcome.external)})


async def failed(session: AsyncSession, message: Message, outcome: Failed, now: datetime, settings: Settings) -> None:
    again_at = None
    if outcome.kind is not FailureKind.PERMANENT:
        again_at = next_attempt(
            message.attempts, message.created_at, now, retry_after_seconds=outcome.retry_after_seconds
        )
    values = {
        "id": message.id,
        "attempts": message.attempts,
        "state": "waiting" if again_at else "dead",
        "due_at": again_at,
        "error": outcome.error,
        "external": _json(outcome.external),
    }
    if (await session.execute(_FAILED, values)).first() is None:
        return  # the lease was over, and whoever has it now tells
    _log(message, outcome, again_at)
    if again_at is None:
        _bury(session, message, outcome)
    if again_at is None or outcome.kind is FailureKind.MISCONFIGURED or message.attempts >= ALARMING_ATTEMPTS:
        await _alarm(session, message, outcome, now, settings, is_dead=again_at is None)


def _log(message: Message, outcome: Failed, again_at: datetime | None) -> None:
    level = log.warning if again_at and outcome.kind is FailureKind.TRANSIENT else log.error
    level(
        "notification_failed" if again_at else "notification_dead",
        notification_id=str(message.id),
        handoff_id=str(message.handoff_id),
        channel=message.channel.value,
        failure=outcome.kind.value,
        error=outcome.error,
        attempts=message.attempts,
    )


def _bury(session: AsyncSession, message: Message, outcome: Failed) -> None:
    record(
        session,
        actor="notifications",
        action="notification.dead",
        subject=str(message.id),
        tenant_id=message.tenant_id,
        handoff_id=str(message.handoff_id),
        channel=message.channel.value,
        kind=message.kind.value,
        error=outcome.error,
        attempts=message.attempts,
    )


async def _alarm(
    session: AsyncSession, message: Message, outcome: Failed, now: datetime, settings: Settings, *, is_dead: bool
) -> None:
    """Once for each case, channel and gravity. An alarm that does not arrive is in the log, and raises no other."""
    others = [channel for channel in configured(settings) if channel is not message.channel]
    if message.kind is Kind.CHANNEL_DEAD or not others:
        return
    handoff = await session.get_one(SetupHandoff, message.handoff_id)
    failing = {"channel": message.channel.value, "error": outcome.error, "is_dead": is_dead}
    key = f"{'dead' if is_dead else 'failing'}:{message.channel}"
    added = await announce_on(session, handoff, Kind.CHANNEL_DEAD, others, key=key, now=now)
    for one in added:
        one.payload = {**one.payload, "failing": failing}


def _json(external: dict[str, object]) -> str:
    return orjson.dumps(external).decode()
