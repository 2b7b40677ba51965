"""Objectives that compare what is the case with a limit. Each check gives what is over it now."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts import queues, unread
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds
from tracking_core.handoff.notes import is_answered
from tracking_core.handoff.rows import LIVE
from tracking_core.models import SetupHandoff

Check = Callable[[AsyncSession, Thresholds, datetime], Awaitable[list[Finding]]]
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
_EXPIRING = """
SELECT tenant_id, id, token_expires_at AS expires_at FROM meta_connections
WHERE state = 'active' AND disabled_at IS NULL AND token_expires_at > :now
"""
# What an alert calls what was measured.
_MEASURED = {
    Code.CONNECTION_ON_HOLD: "held_minutes",
    Code.DEAD_LETTERS: "died",
    Code.HANDOFF_LATE: "cases",
}
_CASES_MOST = 1_000
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def queue_delay(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    limits, found = thresholds.of(Code.QUEUE_DELAY, None), []
    for queue, delay in (await queues.delays(session, now)).items():
        wait = queues.WAITS[queue]
        limit = wait.times * limits["seconds"]
        if limits.is_enabled and delay >= limit:
            facts = {"delay_seconds": round(delay, 1), "limit_seconds": limit}
            found.append(Finding(Key(None, Code.QUEUE_DELAY, queue.value), wait.severity, facts))
    return found


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
    """As Meta said of the token in use. What has expired is told by the hold that follows."""
    rows = (await session.execute(text(_EXPIRING), {"now": now})).all()
    found = []
    for row in rows:
        limits, left = thresholds.of(Code.TOKEN_EXPIRING, row.tenant_id), (row.expires_at - now) / _DAY
        if limits.is_enabled and left <= limits["days"]:
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
    Code.WEBHOOKS_UNREAD: unread.find,
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
