"""Whether webhooks come in that the hub cannot make a sale of: those it could not read, and those it fails at again and
again. Nobody else tells of them: they arrive, so the gateway is not silent, and no work of theirs is late."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds

_HOUR = timedelta(hours=1)
# Tried again with pauses that grow, one that fails is due much later: it is no delay of the queue.
_OFTEN = 3
_UNREAD = text("""
SELECT gateway, count(*) AS unread, count(DISTINCT tenant_id) AS shops FROM (
    SELECT gateway, tenant_id FROM received_webhooks
    WHERE state = 'unreadable' AND received_at > :since AND octet_length(body) > 0
    UNION ALL
    SELECT gateway, tenant_id FROM received_webhooks WHERE state = 'received' AND attempts >= :often
) w GROUP BY gateway ORDER BY gateway
""")


async def find(session: AsyncSession, thresholds: Thresholds, now: datetime) -> list[Finding]:
    """By gateway: it is the form of its messages that has changed, for all shops."""
    limits = thresholds.of(Code.WEBHOOKS_UNREAD, None)
    if not limits.is_enabled:
        return []
    severity = OBJECTIVES[Code.WEBHOOKS_UNREAD].severity
    rows = (await session.execute(_UNREAD, {"since": now - _HOUR, "often": _OFTEN})).all()
    return [
        Finding(
            Key(None, Code.WEBHOOKS_UNREAD, row.gateway),
            severity,
            {"unread": row.unread, "shops": row.shops, **limits.facts},
        )
        for row in rows
        if row.unread >= limits["webhooks"]
    ]
