"""Whether waiting costs the seller: real sales that do not reach Meta because a connection is on hold."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_AT_RISK = text("""
SELECT EXISTS (
    SELECT FROM meta_connections c
    JOIN deliveries d ON d.connection_id = c.id AND d.state IN ('waiting', 'retrying') AND d.conversion_id IS NOT NULL
    JOIN conversions s ON s.id = d.conversion_id AND NOT s.is_synthetic
    WHERE c.tenant_id = :tenant_id AND c.state = 'on_hold' AND c.disabled_at IS NULL
)
""")


async def is_money_at_risk(session: AsyncSession, tenant_id: UUID) -> bool:
    return bool(await session.scalar(_AT_RISK, {"tenant_id": tenant_id}))
