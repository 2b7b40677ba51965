"""Objectives that compare what is the case with a limit. Each check gives what is over it now."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds
from tracking_core.handoff.notes import is_answered
from tracking_core.handoff.rows import LIVE
from tracking_core.models import SetupHandoff

Check = Callable[[AsyncSession, Thresholds, datetime], Awaitable[list[Finding]]]
# By an index each: the first row of what is due. A connection that is worked on has a slot; one that rests is not due.
_QUEUES = """
SELECT 'webhooks' AS queue, min(due_at) AS due FROM received_webhooks WHERE state = 'received' AND due_at <= :now
UNION ALL SELECT 'notifications', min(due_at) FROM notifications
    WHERE state = 'waiting' AND due_at <= :now AND coalesce(lease_until, :now) <= :now
UNION ALL SELECT 'deliveries', min(greatest(d.due_at, k.paused_until)) FROM meta_connections k
CROSS JOIN LATERAL (
    SELECT due_at FROM deliveries WHERE connection_id = k.id AND state IN ('waiting', 'retrying') AND due_at <= :now
    ORDER BY due_at LIMIT 1
) d
WHERE k.state = 'active' AND k.disabled_at IS NULL AND coalesce(k.paused_until, :now) <= :now
    AND NOT EXISTS (SELECT FROM delivery_slots s WHERE s.connection_id = k.id AND s.expires_at > :now)
"""
_HELD = """
SELECT k.tenant_id, k.id, k.held_at, w.waiting FROM meta_connections k CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (
        SELECT FROM deliveries WHERE connection_id = k.id AND state IN ('waiting', 'retrying') LIMIT 1000
    ) few
) w
WHERE k.state = 'on_hold' AND k.disabled_at IS NULL AND k.held_at IS NOT NULL
"""
_DEAD = """
SELECT tenant_id, count(*) AS died FROM deliveries WHERE state = 'dead' AND died_at > :since AND died_at <= :now
    AND test_event_code IS NULL
GROUP BY tenant_id
"""
# The newest check of the token in use: one that was replaced since had its check later.
_EXPIRING = """
SELECT k.tenant_id, k.id, CAST(c.said AS timestamptz) AS expires_at FROM meta_connections k CROSS JOIN LATERAL (
    SELECT l.output->'facts'->>'expires_at' AS said FROM setup_action_logs l
    WHERE l.tenant_id = k.tenant_id AND l.action = 'validate_meta_token' AND l.state = 'success'
        AND l.output->'facts'->>'dataset_id' = k.dataset_id
    ORDER BY l.started_at DESC LIMIT 1
) c
WHERE k.state = 'active' AND k.disabled_at IS NULL AND c.said IS NOT NULL
"""
# What an alert calls what was measured.
_MEASURED = {
    Code.QUEUE_DELAY: "delay_seconds",
    Code.CONNECTION_ON_HOLD: "held_minutes",
    Code.DEAD_LETTERS: "died",
    Code.HANDOFF_LATE: "cases",
}
_CASES_MOST = 1_000
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def queue_delay(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    rows = (await session.execute(text(_QUEUES), {"now": now})).all()
    delays = {row.queue: (now - row.due).total_seconds() for row in rows if row.due is not None}
    found = [_over(thresholds, Code.QUEUE_DELAY, "seconds", delay, scope=queue) for queue, delay in delays.items()]
    return _only(found)


async def connection_on_hold(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    rows = (await session.execute(text(_HELD))).all()
    return _only(
        [
            _over(
                thresholds,
                Code.CONNECTION_ON_HOLD,
                "minutes",
                (now - row.held_at) / timedelta(minutes=1),
                tenant_id=row.tenant_id,
                scope=str(row.id),
                facts={"waiting": row.waiting},
            )
            for row in rows
        ]
    )


async def dead_letters(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    rows = (await session.execute(text(_DEAD), {"since": now - _HOUR, "now": now})).all()
    return _only(
        [_over(thresholds, Code.DEAD_LETTERS, "an_hour", float(row.died), tenant_id=row.tenant_id) for row in rows]
    )


async def handoff_late(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """Late is a case until somebody writes to the seller."""
    query = select(SetupHandoff).where(
        col(SetupHandoff.state).in_(LIVE), col(SetupHandoff.breached_at).is_not(None), col(SetupHandoff.due_at) <= now
    )
    late = [row.due_at for row in (await session.scalars(query.limit(_CASES_MOST))).all() if not is_answered(row)]
    if not late:
        return []
    facts = {"late_minutes": round((now - min(late)) / timedelta(minutes=1))}
    return _only([_over(thresholds, Code.HANDOFF_LATE, "cases", float(len(late)), facts=facts)])


async def token_expiring(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """What has expired is told by the hold that follows."""
    rows = (await session.execute(text(_EXPIRING))).all()
    found = []
    for row in rows:
        limits, left = thresholds.of(Code.TOKEN_EXPIRING, row.tenant_id), (row.expires_at - now) / _DAY
        if limits.is_enabled and 0 < left <= limits["days"]:
            key = Key(row.tenant_id, Code.TOKEN_EXPIRING, str(row.id))
            found.append(
                Finding(key, OBJECTIVES[key.objective].severity, {"days_left": round(left, 1), **limits.facts})
            )
    return found


FAST: Mapping[Code, Check] = {
    Code.CONNECTION_ON_HOLD: connection_on_hold,
    Code.QUEUE_DELAY: queue_delay,
    Code.DEAD_LETTERS: dead_letters,
    Code.HANDOFF_LATE: handoff_late,
}


def _over(
    thresholds: Thresholds,
    code: Code,
    name: str,
    value: float,
    *,
    tenant_id: UUID | None = None,
    scope: str = "",
    facts: Mapping[str, Any] = {},
) -> Finding | None:
    """A finding when the value is at the limit or over it."""
    limits = thresholds.of(code, tenant_id)
    if not limits.is_enabled or value < limits[name]:
        return None
    told = {_MEASURED[code]: round(value, 1), **limits.facts, **facts}
    return Finding(Key(tenant_id, code, scope), OBJECTIVES[code].severity, told)


def _only(found: list[Finding | None]) -> list[Finding]:
    return [one for one in found if one is not None]
