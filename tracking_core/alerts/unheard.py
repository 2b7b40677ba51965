"""Endpoints that their gateway never posted to, while its list of sales shows that it should have.

No rhythm says so: there never was one. A sale of before the endpoint was there could not be told to it.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import Code
from tracking_core.alerts.thresholds import Thresholds
from tracking_core.models import BackfillReason, Severity
from tracking_core.webhooks.heard import IS_HEARD

# A shop whose list brought nothing for so long sells nothing, or was left.
_MONTH, _MINUTE = timedelta(days=28), timedelta(minutes=1)
_UNHEARD = text(f"""
SELECT e.tenant_id, CAST(e.id AS text) AS scope, e.created_at, l.listed
FROM webhook_endpoints e CROSS JOIN LATERAL (
    SELECT count(DISTINCT c.id) AS listed
    FROM backfilled_items b JOIN conversions c ON c.endpoint_id = b.endpoint_id AND c.sale_id = b.sale_id
    WHERE b.tenant_id = e.tenant_id AND b.endpoint_id = e.id AND b.reason = '{BackfillReason.MISSING}'
        AND b.created_at > :since AND c.occurred_at > e.created_at
) l
WHERE e.disabled_at IS NULL AND l.listed > 0 AND NOT {IS_HEARD}
""")  # noqa: S608 - constants


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """A ticket for each: its sales come late, by the list, and none of them is lost."""
    found = []
    for row in await session.execute(_UNHEARD, {"since": now - _MONTH}):
        limits = thresholds.of(Code.GATEWAY_SILENT, row.tenant_id)
        silent = round((now - row.created_at) / _MINUTE)
        if limits.is_enabled and silent >= limits["minutes"]:
            facts = {"silent_minutes": silent, "listed": row.listed, **limits.facts}
            found.append(Finding(Key(row.tenant_id, Code.GATEWAY_SILENT, row.scope), Severity.TICKET, facts))
    return found
