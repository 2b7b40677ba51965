"""Whether the ledger has what each gateway's list of sales says, as the last comparison of whole days found it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Limits, Thresholds
from tracking_core.models import RunState
from tracking_core.reconciliation.schedule import ENDPOINTS, listing_gateways
from tracking_core.settings import Settings

# The newest of an endpoint's daily rounds that ended, or what somebody had read since over at least the same days. A
# run that is under way or waits for its next try says nothing yet, and an hourly one reads two days of the thirty.
_LAST = text(f"""
SELECT e.tenant_id, e.id, e.created_at, l.state, l.differences, (
    SELECT r.finished_at FROM reconciliation_runs r WHERE r.endpoint_id = e.id AND r.kind = 'daily' AND r.state = 'done'
    ORDER BY r.finished_at DESC LIMIT 1
) AS read_at
FROM ({ENDPOINTS}) e CROSS JOIN LATERAL (
    SELECT r.since, r.until, r.finished_at FROM reconciliation_runs r
    WHERE r.endpoint_id = e.id AND r.kind = 'daily' AND r.finished_at IS NOT NULL ORDER BY r.finished_at DESC LIMIT 1
) d CROSS JOIN LATERAL (
    SELECT r.state, r.differences FROM reconciliation_runs r
    WHERE r.endpoint_id = e.id AND r.kind IN ('daily', 'asked') AND r.finished_at >= d.finished_at
        AND r.since <= d.since AND r.until >= d.until
    ORDER BY r.finished_at DESC LIMIT 1
) l
WHERE l.state = 'failed' OR l.differences >= :least
""")  # noqa: S608 - constants


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime, settings: Settings) -> list[Finding]:
    values = {"gateways": listing_gateways(settings), "least": thresholds.least(Code.NOT_RECONCILED, "differing")}
    rows = (await session.execute(_LAST, values)).all()
    found = [_finding(row, thresholds.of(Code.NOT_RECONCILED, row.tenant_id), now) for row in rows]
    return [one for one in found if one is not None]


def _finding(row: Row[Any], limits: Limits, now: datetime) -> Finding | None:
    is_unread = row.state == RunState.FAILED
    if not limits.is_enabled or not (is_unread or row.differences >= limits["differing"]):
        return None
    unread = round((now - (row.read_at or row.created_at)) / timedelta(minutes=1))
    measured = {"unread_minutes": unread} if is_unread else {"differing": row.differences}
    key = Key(row.tenant_id, Code.NOT_RECONCILED, str(row.id))
    return Finding(key, OBJECTIVES[key.objective].severity, {**measured, **limits.facts})
