"""The ledger: where each sale stands with Meta. Every sale is in exactly one state, derived and never stored.

The state of a sale with several datasets is its worst: something dead or held is not hidden by what went well. What
waits for a disabled connection is withheld (``connection_disabled``): as things are it will not be sent; with the
connection enabled again it waits as before. Synthetic sales are no sales: they are listed and counted on demand.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.reconciliation.origin import ORIGIN


class LedgerState(StrEnum):
    """``waiting`` for its payment or its turn; ``withheld`` on purpose, with the reason; the rest as they read."""

    WAITING = "waiting"
    WITHHELD = "withheld"
    DUPLICATE = "duplicate"
    ON_HOLD = "on_hold"
    RETRYING = "retrying"
    DEAD = "dead"
    DELIVERED = "delivered"


CONNECTION_DISABLED = "connection_disabled"
# One row per sale, of every tenant. ``d`` gathers its deliveries; the first true line of the CASE names the state, and
# the reason is always of that state.
LEDGER = f"""
SELECT c.id, c.tenant_id, c.gateway, c.sale_id, c.status, c.event_name, c.event_id, c.occurred_at, c.amount, c.currency,
    c.product_name, c.payment_method, c.is_synthetic, c.created_at, m.rule AS match_rule, m.score AS match_score,
    {ORIGIN} AS origin,
    CASE
        WHEN c.decision = 'duplicate' THEN 'duplicate'
        WHEN c.decision = 'withheld' THEN 'withheld'
        WHEN c.decision = 'undecided' AND c.status IN ('refused', 'expired') THEN 'withheld'
        WHEN c.decision = 'undecided' THEN 'waiting'
        WHEN d.dead > 0 THEN 'dead'
        WHEN d.held > 0 THEN 'on_hold'
        WHEN d.retrying > 0 THEN 'retrying'
        WHEN d.waiting > 0 THEN 'waiting'
        WHEN d.delivered > 0 THEN 'delivered'
        ELSE 'withheld'
    END AS state,
    CASE
        WHEN c.decision IN ('duplicate', 'withheld') THEN c.decision_reason
        WHEN c.decision = 'undecided' THEN CASE WHEN c.status = 'pending' THEN 'payment' ELSE c.status END
        WHEN d.dead > 0 THEN d.dead_reason
        WHEN d.held > 0 THEN d.held_reason
        WHEN d.retrying > 0 THEN d.retrying_reason
        WHEN d.waiting > 0 OR d.delivered > 0 THEN NULL
        ELSE d.withheld_reason
    END AS reason
FROM conversions c
LEFT JOIN matches m ON m.conversion_id = c.id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.state = 'dead') AS dead,
        count(*) FILTER (WHERE x.state IN ('waiting', 'retrying') AND k.state = 'on_hold') AS held,
        count(*) FILTER (WHERE x.state = 'retrying' AND k.state = 'active') AS retrying,
        count(*) FILTER (WHERE x.state = 'waiting' AND k.state = 'active') AS waiting,
        count(*) FILTER (WHERE x.state = 'delivered') AS delivered,
        max(x.reason) FILTER (WHERE x.state = 'dead') AS dead_reason,
        max(k.hold_code) FILTER (WHERE x.state IN ('waiting', 'retrying') AND k.state = 'on_hold') AS held_reason,
        max(x.reason) FILTER (WHERE x.state = 'retrying' AND k.state = 'active') AS retrying_reason,
        coalesce(max(x.reason) FILTER (WHERE x.state = 'withheld'),
                 max('{CONNECTION_DISABLED}') FILTER (WHERE k.state = 'disabled')) AS withheld_reason
    FROM deliveries x JOIN (
        SELECT id, hold_code, CASE WHEN disabled_at IS NULL THEN state ELSE 'disabled' END AS state
        FROM meta_connections
    ) k ON k.id = x.connection_id WHERE x.conversion_id = c.id
) d ON true
"""  # noqa: S608 - the reason is a constant
_OF_TENANT = f"{LEDGER} WHERE c.tenant_id = :tenant"
_WANTED = f"{_OF_TENANT} AND (:synthetic OR NOT c.is_synthetic)"


async def sales(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    state: str | None,
    before: datetime | None,
    limit: int,
    include_synthetic: bool = False,
) -> list[dict[str, Any]]:
    """Newest first; ``before`` is the ``created_at`` of the last row of the previous page."""
    query = f"SELECT * FROM ({_WANTED}) l WHERE (CAST(:state AS text) IS NULL OR state = :state)"  # noqa: S608
    query += " AND (CAST(:before AS timestamptz) IS NULL OR created_at < :before) ORDER BY created_at DESC LIMIT :limit"
    values = {"tenant": tenant_id, "state": state, "before": before, "limit": limit, "synthetic": include_synthetic}
    rows = await session.execute(text(query), values)
    return [dict(row) for row in rows.mappings()]


async def sale(session: AsyncSession, tenant_id: UUID, conversion_id: UUID) -> dict[str, Any] | None:
    """The sale of this id, be it synthetic."""
    rows = await session.execute(text(f"{_OF_TENANT} AND c.id = :id"), {"tenant": tenant_id, "id": conversion_id})
    row = rows.mappings().first()
    return dict(row) if row else None


async def totals(session: AsyncSession, tenant_id: UUID, *, include_synthetic: bool = False) -> dict[str, int]:
    """Sales per state; they add up to the number of sales."""
    query = f"SELECT state, count(*) AS sales FROM ({_WANTED}) l GROUP BY state"  # noqa: S608
    values = {"tenant": tenant_id, "synthetic": include_synthetic}
    counted = {row.state: row.sales for row in await session.execute(text(query), values)}
    return {state.value: counted.get(state.value, 0) for state in LedgerState}
