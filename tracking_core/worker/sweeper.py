"""Find what is due in the rows themselves: work whose bell was lost, retries whose time has come, expired leases."""

from collections.abc import Callable

from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.worker.doorbell import Bell

_SALES_DUE = """
SELECT EXISTS (SELECT FROM received_webhooks WHERE state = 'received' AND due_at <= :now) AS webhooks,
    EXISTS (SELECT FROM conversions WHERE rematch_at <= :now) AS rematches
"""
_CONNECTIONS_DUE = """
SELECT c.id FROM meta_connections c
WHERE c.state = 'active' AND coalesce(c.paused_until, :now) <= :now
  AND EXISTS (SELECT FROM deliveries d WHERE d.connection_id = c.id
              AND d.state IN ('waiting', 'retrying') AND d.due_at <= :now)
"""


async def sweep(ring: Callable[[Bell, str], None]) -> None:
    """Ring for all of it."""
    now = clock.now()
    async with transaction() as session:
        due = (await session.execute(text(_SALES_DUE), {"now": now})).one()
        connections = (await session.execute(text(_CONNECTIONS_DUE), {"now": now})).scalars().all()
    if due.webhooks:
        ring(Bell.PROCESS_SALES, "")
    if due.rematches:
        ring(Bell.REMATCH, "")
    for connection_id in connections:
        ring(Bell.DELIVER, str(connection_id))
