"""Erasures that ended without being done, until the person's next one is, or somebody says that it is settled."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds
from tracking_core.models import PrivacyState
from tracking_core.settings import Settings

# The last of a person's requests that ended. An alert that was acknowledged is kept for as long as this looks back.
_UNFINISHED = text(f"""
SELECT r.id, r.tenant_id, r.state, r.failures, (
    SELECT sum(CAST(f ->> 'rows' AS bigint)) FROM jsonb_array_elements(r.receipt -> 'searched' -> 'found') f
) AS left_rows
FROM privacy_requests r
WHERE r.state IN ('failed', 'remains') AND r.finished_at > :since AND NOT EXISTS (
    SELECT FROM privacy_requests n
    WHERE n.tenant_id = r.tenant_id AND n.kind = r.kind AND n.fingerprint = r.fingerprint
        AND n.state IN ('done', 'failed', 'remains') AND (n.finished_at, n.id) > (r.finished_at, r.id)
) AND NOT EXISTS (
    SELECT FROM alerts a WHERE a.tenant_id = r.tenant_id AND a.objective = '{Code.ERASURE_UNFINISHED}'
        AND a.scope = CAST(r.id AS text) AND a.acknowledged_at IS NOT NULL
)
""")  # noqa: S608 - constants


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime, settings: Settings) -> list[Finding]:
    since = now - timedelta(days=settings.alert_retention_days)
    rows = (await session.execute(_UNFINISHED, {"since": since})).all()
    return [_finding(row) for row in rows if thresholds.of(Code.ERASURE_UNFINISHED, row.tenant_id).is_enabled]


def _finding(row: Row[Any]) -> Finding:
    facts = {"left_rows": int(row.left_rows or 0)} if row.state == PrivacyState.REMAINS else {"failures": row.failures}
    key = Key(row.tenant_id, Code.ERASURE_UNFINISHED, str(row.id))
    return Finding(key, OBJECTIVES[key.objective].severity, facts)
