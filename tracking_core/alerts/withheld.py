"""Whether paid sales come in for which there is no dataset."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Limits, Thresholds

_DAY = timedelta(days=1)
# A slip may be paid weeks after the sale was first heard of; what a list brought late counts from when it came.
_PENDING_MOST = timedelta(days=31)
# Of shops without a dataset that is switched on, which are those in setup and those that were left; a shop that has one
# again has nothing left to do. Of made-up sales and of refunded ones nobody is missing anything.
_WITHHELD = text("""
WITH nowhere AS MATERIALIZED (
    SELECT id FROM tenants t WHERE closed_at IS NULL
        AND NOT EXISTS (SELECT FROM meta_connections k WHERE k.tenant_id = t.id AND k.disabled_at IS NULL)
)
SELECT t.id AS tenant_id, w.withheld FROM nowhere t CROSS JOIN LATERAL (
    SELECT count(*) AS withheld FROM conversions c
    WHERE c.tenant_id = t.id AND c.created_at >= :listed AND c.decision = 'withheld'
        AND c.decision_reason IN ('no_dataset_connected', 'no_dataset_enabled') AND c.status = 'approved'
        AND NOT c.is_synthetic AND greatest(c.created_at, c.approved_at) > :since
) w
WHERE w.withheld >= :least
""")


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    least = thresholds.least(Code.SALES_WITHHELD, "a_day")
    values = {"since": now - _DAY, "listed": now - _PENDING_MOST, "least": least}
    rows = (await session.execute(_WITHHELD, values)).all()
    found = [_finding(row, thresholds.of(Code.SALES_WITHHELD, row.tenant_id)) for row in rows]
    return [one for one in found if one is not None]


def _finding(row: Row[Any], limits: Limits) -> Finding | None:
    if not limits.is_enabled or row.withheld < limits["a_day"]:
        return None
    key = Key(row.tenant_id, Code.SALES_WITHHELD, "")
    return Finding(key, OBJECTIVES[key.objective].severity, {"withheld": row.withheld, **limits.facts})
