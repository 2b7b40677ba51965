"""How long sales took from the webhook to Meta's yes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.gateways.sale_event import SaleEventKind

# As the reports count it (reporting/counting.py): the first webhook that says it is paid begins it.
_SECONDS = text("""
SELECT CAST(extract(epoch FROM d.delivered_at - min(w.received_at)) AS float8)
FROM deliveries d
JOIN sale_events s ON s.conversion_id = d.conversion_id AND s.kind = ANY(:paying)
JOIN received_webhooks w ON w.id = s.webhook_id
WHERE d.id = ANY(:ids) AND d.state = 'delivered' GROUP BY d.id, d.delivered_at
""")
_PAYING = [SaleEventKind.APPROVED.value, SaleEventKind.COMPLETED.value]


async def seconds_of(session: AsyncSession, deliveries: Sequence[UUID]) -> Sequence[float]:
    """Of those just delivered; what is no sale of a webhook has none."""
    if not deliveries:
        return ()
    return (await session.execute(_SECONDS, {"ids": list(deliveries), "paying": _PAYING})).scalars().all()
