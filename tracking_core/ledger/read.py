"""The ledger: where each sale stands with Meta. Every sale is in exactly one state, derived and never stored.

The state of a sale with several datasets is its worst: something dead or held is not hidden by what went well. What
waits for a disabled connection is withheld (``connection_disabled``): as things are it will not be sent; with the
connection enabled again it waits as before. Synthetic sales are no sales: they are listed and counted on demand.
"""

from collections.abc import Mapping
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
# What a sale's deliveries come to, by what their connections do.
_CONNECTIONS = """
SELECT id, hold_code, CASE WHEN disabled_at IS NULL THEN state ELSE 'disabled' END AS state FROM meta_connections
"""
_COUNTS = """
count(*) FILTER (WHERE x.state = 'dead') AS dead,
count(*) FILTER (WHERE x.state IN ('waiting', 'retrying') AND k.state = 'on_hold') AS held,
count(*) FILTER (WHERE x.state = 'retrying' AND k.state = 'active') AS retrying,
count(*) FILTER (WHERE x.state = 'waiting' AND k.state = 'active') AS waiting,
count(*) FILTER (WHERE x.state = 'delivered') AS delivered
"""
# The first true line names the state.
_STATE = """
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
END
"""
# One row per sale, of every tenant. ``d`` gathers its deliveries, and the reason is always of the state.
LEDGER = f"""
SELECT c.id, c.tenant_id, c.gateway, c.sale_id, c.status, c.event_name, c.event_id, c.occurred_at, c.amount, c.currency,
    c.product_name, c.payment_method, c.is_synthetic, c.created_at, m.rule AS match_rule, m.score AS match_score,
    {ORIGIN} AS origin, {_STATE} AS state,
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
    SELECT {_COUNTS},
        max(x.reason) FILTER (WHERE x.state = 'dead') AS dead_reason,
        max(k.hold_code) FILTER (WHERE x.state IN ('waiting', 'retrying') AND k.state = 'on_hold') AS held_reason,
        max(x.reason) FILTER (WHERE x.state = 'retrying' AND k.state = 'active') AS retrying_reason,
        coalesce(max(x.reason) FILTER (WHERE x.state = 'withheld'),
                 max('{CONNECTION_DISABLED}') FILTER (WHERE k.state = 'disabled')) AS withheld_reason
    FROM deliveries x JOIN ({_CONNECTIONS}) k ON k.id = x.connection_id WHERE x.conversion_id = c.id
) d ON true
"""  # noqa: S608 - the reason is a constant
# Most sales arrived: only of the others, which partial indexes hold, are deliveries looked at. A planned sale keeps its
# deliveries for ever, so one that has none of these was delivered.
_UNDONE = """
SELECT x.conversion_id FROM deliveries x WHERE x.state = 'dead' AND x.conversion_id IS NOT NULL {of}
UNION ALL SELECT x.conversion_id FROM deliveries x WHERE x.state = 'withheld' AND x.conversion_id IS NOT NULL {of}
UNION ALL SELECT x.conversion_id FROM deliveries x
    WHERE x.state IN ('waiting', 'retrying') AND x.conversion_id IS NOT NULL {of}
"""
_OF = "AND x.tenant_id = :tenant AND x.connection_id IN (SELECT id FROM meta_connections WHERE tenant_id = :tenant)"
_TOTALS = f"""
WITH undone AS MATERIALIZED ({_UNDONE})
SELECT {_STATE} AS state, count(*) AS sales FROM conversions c
LEFT JOIN (
    SELECT x.conversion_id, {_COUNTS} FROM deliveries x JOIN ({_CONNECTIONS}) k ON k.id = x.connection_id
    WHERE x.conversion_id IN (SELECT u.conversion_id FROM undone u) GROUP BY x.conversion_id
) g ON g.conversion_id = c.id
CROSS JOIN LATERAL (SELECT g.dead, g.held, g.retrying, g.waiting, coalesce(g.delivered, 1) AS delivered) d
WHERE {{known}} GROUP BY 1
"""  # noqa: S608 - constants
_WANTED = "c.tenant_id = :tenant AND (:synthetic OR NOT c.is_synthetic)"


async def sales(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    state: str | None,
    before: datetime | None,
    before_id: UUID | None = None,
    limit: int,
    include_synthetic: bool = False,
) -> list[dict[str, Any]]:
    """Newest first. ``before`` and ``before_id`` are ``created_at`` and ``id`` of the last row of the previous page:
    sales of one batch share the time, which alone would leave out those the page had no room for."""
    values = {"tenant": tenant_id, "state": state, "before": before, "before_id": before_id, "limit": limit}
    query = f"SELECT * FROM ({LEDGER} WHERE {_WANTED}{_after(before, before_id)}) l"  # noqa: S608 - ours
    query += " WHERE CAST(:state AS text) IS NULL OR state = :state ORDER BY created_at DESC, id DESC LIMIT :limit"
    rows = await session.execute(text(query), {**values, "synthetic": include_synthetic})
    return [dict(row) for row in rows.mappings()]


async def sale(session: AsyncSession, tenant_id: UUID, conversion_id: UUID) -> dict[str, Any] | None:
    """The sale of this id, be it synthetic."""
    query = f"{LEDGER} WHERE c.tenant_id = :tenant AND c.id = :id"
    rows = await session.execute(text(query), {"tenant": tenant_id, "id": conversion_id})
    row = rows.mappings().first()
    return dict(row) if row else None


async def totals(session: AsyncSession, tenant_id: UUID, *, include_synthetic: bool = False) -> dict[str, int]:
    """Sales per state; they add up to the number of sales."""
    counted = await count(session, _WANTED, {"tenant": tenant_id, "synthetic": include_synthetic})
    return {state.value: sales for state, sales in counted.items()}


async def count(session: AsyncSession, known: str, values: Mapping[str, Any]) -> dict[LedgerState, int]:
    """Sales per state of those for which ``known`` holds, SQL of ours about conversions ``c``. They are of one tenant
    where the values name a ``tenant``."""
    query = _TOTALS.format(known=known, of=_OF if "tenant" in values else "")
    counted = {row.state: row.sales for row in await session.execute(text(query), values)}
    return {state: counted.get(state.value, 0) for state in LedgerState}


def _after(before: datetime | None, before_id: UUID | None) -> str:
    if before is None:
        return ""
    return " AND c.created_at < :before" if before_id is None else " AND (c.created_at, c.id) < (:before, :before_id)"
