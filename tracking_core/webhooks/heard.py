"""Whether a gateway itself ever posted to an endpoint, and who has still to see to it that it does.

Webhooks of our own are no word of the gateway's: the hub signs and sends a proof's itself, and what a gateway's list
brought was never posted.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.actions import ActionName

# Of the webhook ``w``. Whose it is that nobody has read yet is not known: until then it is the gateway's.
IS_ITS_OWN = """
    NOT EXISTS (SELECT FROM backfilled_items b WHERE b.webhook_id = w.id)
    AND NOT EXISTS (
        SELECT FROM sale_events s JOIN conversions c ON c.id = s.conversion_id
        WHERE s.webhook_id = w.id AND c.is_synthetic
    )
"""
# Of the endpoint ``e``. With its LIMIT this is looked up for each endpoint by itself, and ends at the first: as EXISTS
# it would be joined with all that was ever received.
IS_HEARD = f"""
coalesce((
    SELECT true FROM received_webhooks w WHERE w.endpoint_id = e.id AND w.state <> 'received' AND {IS_ITS_OWN} LIMIT 1
), false)
"""  # noqa: S608 - constants
# The step may have been told by another setup of the shop: its endpoint stayed, and was not announced again.
_OWED = text(f"""
SELECT DISTINCT ON (o.id) o.id, l.input ->> 'gateway' AS gateway, l.input ->> 'url' AS url
FROM setup_sessions o JOIN setup_sessions t ON t.tenant_id = o.tenant_id
JOIN setup_action_logs l ON l.session_id = t.id
JOIN webhook_endpoints e ON e.tenant_id = o.tenant_id AND e.endpoint_key = l.input ->> 'endpoint_key'
WHERE o.id = ANY(:setups) AND l.action = '{ActionName.WEBHOOK_INSTRUCTIONS}' AND l.state = 'success'
    AND (l.session_id = o.id OR l.input ->> 'gateway' = o.facts -> 'gateway' ->> 'name')
    AND e.disabled_at IS NULL AND NOT {IS_HEARD}
ORDER BY o.id, l.session_id = o.id DESC, l.started_at DESC
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Owed:
    """The webhook that the seller adds in the gateway's panel, and its address, which is a secret."""

    gateway: str
    url: str = field(repr=False)


async def owed(session: AsyncSession, setups: Collection[UUID]) -> dict[UUID, Owed]:
    """Of these setups, those whose seller has a webhook to add by hand and whose gateway was never heard of."""
    rows = await session.execute(_OWED, {"setups": list(setups)})
    return {row.id: Owed(row.gateway, row.url) for row in rows}
