"""Who is told of an alert: rows for ``tracking_core.alerts.telling``, committed with what they tell, once each.

A tenant's alert goes to the tenant's channels, and to the hub's own unless the same objective is broken for the whole
hub: then the operators were told by that one alert, of a page by a page. When that one is over they hear of the
tenants' that are not. The hub's alerts go to the hub's channels alone.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Alert, AlertMessageKind, Severity

# A ticket may become a page, or nothing, in its first minutes: then one message is enough, or none.
TICKET_GRACE = timedelta(minutes=5)
# Most tenants are well again a moment after the whole hub is.
_FOLLOWING_GRACE = timedelta(minutes=5)
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
_OURS = """
c.tenant_id IS NULL AND NOT EXISTS (
    SELECT FROM alerts h WHERE h.state = 'open' AND h.tenant_id IS NULL AND h.objective = :objective AND h.id <> :alert
        AND (h.severity = 'page' OR :severity = 'ticket')
)
"""
_TO = f"(c.tenant_id = CAST(:tenant AS uuid) OR ({_OURS}))"
_NOT_WAITING = """
NOT EXISTS (SELECT FROM alert_messages m WHERE m.alert_id = :alert AND m.channel_id = c.id AND m.kind = 'opened'
            AND m.state = 'waiting')
"""
# Those whose last word of it is that it opened, this time or an earlier one.
_LAST = """
SELECT m.kind, m.state, m.created_at, coalesce(m.sent_at, m.created_at) AS at FROM alert_messages m
WHERE m.alert_id = :alert AND m.channel_id = c.id AND m.kind <> 'reminder' ORDER BY m.created_at DESC, m.n DESC LIMIT 1
"""
_TOLD = f"EXISTS (SELECT FROM ({_LAST}) last WHERE last.kind = 'opened')"
# So many of its rhythm's pauses since that word arrived, and numbered on from those of before: each is made once.
_REMIND = f"""
INSERT INTO alert_messages (id, alert_id, channel_id, kind, n, state, attempts, due_at, created_at)
SELECT gen_random_uuid(), :alert, c.id, 'reminder', pauses.n + (
    SELECT coalesce(max(r.n), 0) FROM alert_messages r
    WHERE r.alert_id = :alert AND r.channel_id = c.id AND r.kind = 'reminder' AND r.created_at < last.created_at
), 'waiting', 0, :now, :now
FROM alert_channels c CROSS JOIN LATERAL ({_LAST}) last
CROSS JOIN LATERAL (
    SELECT floor(extract(epoch FROM CAST(:now AS timestamptz) - last.at) / :every)::int AS n
) pauses
WHERE c.enabled AND (c.min_severity = 'ticket' OR :severity = 'page')
    AND last.kind = 'opened' AND last.state <> 'waiting' AND pauses.n >= 1
ON CONFLICT (alert_id, channel_id, kind, n) DO NOTHING
"""  # noqa: S608 - a constant
# The hub's own channels are told by the hub's alert of what is no worse.
_IN_ITS_PLACE = """
DELETE FROM alert_messages m USING alerts a, alert_channels c
WHERE a.id = m.alert_id AND a.state = 'open' AND a.objective = :objective AND a.tenant_id IS NOT NULL
    AND (:severity = 'page' OR a.severity = 'ticket') AND c.id = m.channel_id AND c.tenant_id IS NULL
    AND m.kind = 'opened' AND m.state = 'waiting' AND m.attempts = 0 AND m.lease_until IS NULL
"""
_TAKE_BACK = """
DELETE FROM alert_messages WHERE alert_id = :alert AND kind = 'opened' AND state = 'waiting' AND attempts = 0
    AND lease_until IS NULL AND due_at > :now
"""


async def opened(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """It opened, opened again, or is a page now. Said twice of one opening, it is told once."""
    if alert.tenant_id is None:
        await session.execute(text(_IN_ITS_PLACE), {"objective": alert.objective, "severity": alert.severity})
    due = now + (TICKET_GRACE if alert.severity == Severity.TICKET else timedelta())
    await session.execute(text(_HASTEN), {"alert": alert.id, "due": due})
    await _insert(session, alert, AlertMessageKind.OPENED, now, due=due, to=_TO, unless=_NOT_WAITING)


async def goes_on(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """The hub's alert that stood for the tenant's is over, and this one is not. Those who heard of it hear nothing."""
    due = now + _FOLLOWING_GRACE
    await _insert(session, alert, AlertMessageKind.OPENED, now, due=due, to=_OURS, unless=_NOT_WAITING)


async def recovered(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """To those who were told that it opened; one that nobody was told of yet ends without a word."""
    await session.execute(text(_TAKE_BACK), {"alert": alert.id, "now": now})
    # Who was told stays who is told: later messages of an alert go where its opening went.
    await _insert(session, alert, AlertMessageKind.RECOVERED, now, due=now, to="true", unless=_TOLD)


async def remind(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """Of what is open for long and acknowledged by nobody, each channel since it was told that it opened; after a pause
    of the scheduler, once."""
    every = _REMIND_EVERY[Severity(alert.severity)]
    if alert.acknowledged_at is None and now - alert.opened_at >= every:
        values = {"alert": alert.id, "severity": alert.severity, "every": every.total_seconds(), "now": now}
        await session.execute(text(_REMIND), values)


async def _insert(
    session: AsyncSession, alert: Alert, kind: AlertMessageKind, now: datetime, *, due: datetime, to: str, unless: str
) -> None:
    values: dict[str, Any] = {
        "alert": alert.id,
        "tenant": alert.tenant_id,
        "objective": alert.objective,
        "severity": alert.severity,
        "kind": kind.value,
        "n": alert.openings,
        "due": due,
        "now": now,
    }
    await session.execute(text(_INSERT.format(to=to, unless=unless)), values)
