"""Work that is due and that nobody has begun, queue by queue: since when, and how long each may wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.message_lease import DUE as MESSAGE_DUE
from tracking_core.alerts.queue_names import Queue
from tracking_core.models import Severity


@dataclass(frozen=True, slots=True)
class Wait:
    """``times`` what the objective's ``seconds`` say, which is two minutes unless somebody set it otherwise. ``since``
    gives when the oldest became due, or moved on last where somebody works on it piece by piece; NULL for none."""

    times: int
    severity: Severity
    since: str


# By an index each: the first row of what is due. What is worked on has a slot or a lease and is not waiting; a
# connection that rests is not due; and of what goes in order (messages of one case, of one alert) only the first is.
_DELIVERIES = """
SELECT min(greatest(d.due_at, k.paused_until)) FROM meta_connections k
CROSS JOIN LATERAL (
    SELECT due_at FROM deliveries WHERE connection_id = k.id AND state IN ('waiting', 'retrying') AND due_at <= :now
    ORDER BY due_at LIMIT 1
) d
WHERE k.state = 'active' AND k.disabled_at IS NULL AND coalesce(k.paused_until, :now) <= :now
    AND NOT EXISTS (SELECT FROM delivery_slots s WHERE s.connection_id = k.id AND s.expires_at > :now)
"""
_SETUP = """
SELECT min(i.created_at) FROM setup_intents i JOIN setup_sessions s ON s.id = i.session_id
WHERE i.state = 'queued' AND coalesce(s.lease_until, :now) <= :now
"""
_CHAT = """
SELECT min(w.at) FROM (
    SELECT session_id, created_at AS at FROM setup_messages WHERE role = 'seller' AND turn_id IS NULL
    UNION ALL SELECT session_id, started_at FROM setup_turns WHERE state = 'running'
) w LEFT JOIN setup_chats c ON c.session_id = w.session_id WHERE coalesce(c.lease_until, :now) <= :now
"""
_NOTIFICATIONS = """
SELECT min(n.due_at) FROM notifications n
WHERE n.state = 'waiting' AND n.due_at <= :now AND coalesce(n.lease_until, :now) <= :now
    AND NOT EXISTS (SELECT FROM notifications e WHERE e.handoff_id = n.handoff_id AND e.channel = n.channel
                    AND e.state = 'waiting' AND (e.created_at, e.id) < (n.created_at, n.id))
"""
# A channel sends one after the other: while it does, what comes after is not late.
_ALERT_MESSAGES = f"""
SELECT min(greatest(m.due_at, c.last_ok_at)) FROM alert_messages m JOIN alert_channels c ON c.id = m.channel_id
WHERE {MESSAGE_DUE} AND NOT EXISTS (
    SELECT FROM alert_messages b WHERE b.channel_id = m.channel_id AND b.state = 'waiting' AND b.lease_until > :now
)
"""  # noqa: S608 - a constant
# Of these few are at work at once, step by step and for hours: while one that was begun moves on, the others only stand
# in line.
_ERASURES = """
SELECT greatest(min(approved_at), max(moved_at) FILTER (WHERE passes + failures > 0 OR progress <> '{}'))
FROM privacy_requests WHERE state = 'running'
"""
_RECONCILIATIONS = """
SELECT CASE WHEN w.due IS NOT NULL THEN greatest(w.due, w.moved) END FROM (
    SELECT min(due_at) FILTER (WHERE due_at <= :now AND coalesce(lease_until, :now) <= :now) AS due,
        max(moved_at) FILTER (WHERE pages + attempts > 0) AS moved
    FROM reconciliation_runs WHERE state IN ('reading', 'comparing')
) w
"""
# A search of every column may take minutes in one piece, and the night's comparisons come all at once.
WAITS: Mapping[Queue, Wait] = MappingProxyType(
    {
        Queue.WEBHOOKS: Wait(
            1, Severity.PAGE, "SELECT min(due_at) FROM received_webhooks WHERE state = 'received' AND due_at <= :now"
        ),
        Queue.DELIVERIES: Wait(1, Severity.PAGE, _DELIVERIES),
        Queue.SETUP: Wait(1, Severity.PAGE, _SETUP),
        Queue.CHAT: Wait(1, Severity.PAGE, _CHAT),
        Queue.NOTIFICATIONS: Wait(1, Severity.PAGE, _NOTIFICATIONS),
        Queue.ALERT_MESSAGES: Wait(5, Severity.PAGE, _ALERT_MESSAGES),
        Queue.ERASURES: Wait(15, Severity.TICKET, _ERASURES),
        Queue.RECONCILIATIONS: Wait(30, Severity.TICKET, _RECONCILIATIONS),
    }
)
_OLDEST = text(f"SELECT {', '.join(f'({wait.since}) AS {queue}' for queue, wait in WAITS.items())}")


async def delays(session: AsyncSession, now: datetime) -> Mapping[Queue, float]:
    """Seconds by queue; those in which nothing waits are not in it."""
    oldest = (await session.execute(_OLDEST, {"now": now})).one()._asdict()
    return {queue: (now - oldest[queue]).total_seconds() for queue in WAITS if oldest[queue] is not None}
