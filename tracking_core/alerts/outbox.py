"""Who is told of an alert: rows for ``tracking_core.alerts.telling``, committed with what they tell, once each.

A tenant's alert goes to the tenant's channels, and to the hub's own unless the same objective is broken for the whole
hub: then the operators were told by that one alert. The hub's alerts go to the hub's channels alone.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Alert, AlertMessageKind, Severity

# A ticket may become a page, or nothing, in its first minutes: then one message is enough, or none.
TICKET_GRACE = timedelta(minutes=5)
_REMIND_EVERY = {Severity.PAGE: timedelta(hours=4), Severity.TICKET: timedelta(days=1)}
# Whoever waits to be told of an earlier opening is told once, of this one.
_HASTEN = """
UPDATE alert_messages SET due_at = least(due_at, :due)
WHERE alert_id = :alert AND kind = 'opened' AND state = 'waiting'
"""
_INSERT = """
INSERT INTO alert_messages (id, alert_id, channel_id, kind, n, state, attempts, due_at, created_at)
SELECT gen_random_uuid(), :alert, c.id, :kind, :n, 'waiting', 0, :due, :now FROM alert_channels c
WHERE c.enabled AND (c.min_severity = 'ticket' OR :severity = 'page') AND {to} AND {unless}
ON CONFLICT (alert_id, channel_id, kind, n) DO NOTHING
"""
_TO = """
(c.tenant_id = CAST(:tenant AS uuid) OR (c.tenant_id IS NULL AND NOT EXISTS (
    SELECT FROM alerts h WHERE h.state = 'open' AND h.tenant_id IS NULL AND h.objective = :objective AND h.id <> :alert
)))
"""
_NOT_WAITING = """
NOT EXISTS (SELECT FROM alert_messages m WHERE m.alert_id = :alert AND m.channel_id = c.id AND m.kind = 'opened'
            AND m.state = 'waiting')
"""
# Only those who heard of the opening, of this or of an earlier one.
_TOLD = """
EXISTS (SELECT FROM alert_messages m WHERE m.alert_id = :alert AND m.channel_id = c.id AND m.kind = 'opened')
"""
# The hub's own channels are told by the hub's alert.
_IN_ITS_PLACE = """
DELETE FROM alert_messages m USING alerts a, alert_channels c
WHERE a.id = m.alert_id AND a.state = 'open' AND a.objective = :objective AND a.tenant_id IS NOT NULL
    AND c.id = m.channel_id AND c.tenant_id IS NULL
    AND m.kind = 'opened' AND m.state = 'waiting' AND m.attempts = 0 AND m.lease_until IS NULL
"""
_TAKE_BACK = """
DELETE FROM alert_messages WHERE alert_id = :alert AND kind = 'opened' AND state = 'waiting' AND attempts = 0
    AND lease_until IS NULL AND due_at > :now
"""


async def opened(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """It opened, opened again, or is a page now. Said twice of one opening, it is told once."""
    if alert.tenant_id is None:
        await session.execute(text(_IN_ITS_PLACE), {"objective": alert.objective})
    grace = TICKET_GRACE if alert.severity == Severity.TICKET else timedelta()
    await session.execute(text(_HASTEN), {"alert": alert.id, "due": now + grace})
    await _insert(session, alert, AlertMessageKind.OPENED, alert.openings, now, due=now + grace, unless=_NOT_WAITING)


async def recovered(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """To those who were told that it opened; one that nobody was told of yet ends without a word."""
    await session.execute(text(_TAKE_BACK), {"alert": alert.id, "now": now})
    await _insert(session, alert, AlertMessageKind.RECOVERED, alert.openings, now, due=now, unless=_TOLD)


async def remind(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """Of what is open for long and acknowledged by nobody; after a pause of the scheduler, once."""
    if alert.acknowledged_at is not None:
        return
    nth = (now - alert.opened_at) // _REMIND_EVERY[Severity(alert.severity)]
    if nth >= 1:
        await _insert(session, alert, AlertMessageKind.REMINDER, nth, now, due=now, unless=_TOLD)


async def _insert(
    session: AsyncSession, alert: Alert, kind: AlertMessageKind, n: int, now: datetime, *, due: datetime, unless: str
) -> None:
    values: dict[str, Any] = {
        "alert": alert.id,
        "severity": alert.severity,
        "kind": kind.value,
        "n": n,
        "due": due,
        "now": now,
    }
    # Who was told stays who is told: later messages of an alert go where its opening went.
    to = "true"
    if kind is AlertMessageKind.OPENED:
        to, values = _TO, {**values, "tenant": alert.tenant_id, "objective": alert.objective}
    await session.execute(text(_INSERT.format(to=to, unless=unless)), values)
