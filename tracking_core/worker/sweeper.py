"""Find what is due in the rows themselves: work whose bell was lost, retries whose time has come, expired leases."""

from collections.abc import Callable

from sqlalchemy import text

from tracking_core.alerts.message_lease import due_channels
from tracking_core.chat.turns import due_chats
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import due_replays
from tracking_core.kit import clock
from tracking_core.models import IS_FORWARDABLE
from tracking_core.notifications.lease import is_due
from tracking_core.privacy.erase import due_requests
from tracking_core.reconciliation.schedule import due_runs
from tracking_core.setup.inbox import due_sessions
from tracking_core.worker.doorbell import Bell

_SALES_DUE = """
SELECT EXISTS (SELECT FROM received_webhooks WHERE state = 'received' AND due_at <= :now) AS webhooks,
    EXISTS (SELECT FROM conversions WHERE rematch_at <= :now) AS rematches
"""
_CONNECTIONS_DUE = """
SELECT c.id FROM meta_connections c
WHERE c.state = 'active' AND c.disabled_at IS NULL AND coalesce(c.paused_until, :now) <= :now
  AND EXISTS (SELECT FROM deliveries d WHERE d.connection_id = c.id
              AND d.state IN ('waiting', 'retrying') AND d.due_at <= :now)
"""
_BROWSER_EVENTS_DUE = f"""
SELECT c.id FROM meta_connections c
CROSS JOIN LATERAL (
    SELECT FROM tracking_events e
    WHERE e.tenant_id = c.tenant_id AND {IS_FORWARDABLE} AND e.kind = ANY(c.browser_events)
      AND e.received_at >= c.browser_events_from
    ORDER BY e.received_at LIMIT 1
) AS first_due
WHERE c.state = 'active' AND c.disabled_at IS NULL AND c.browser_events <> '{{}}'
"""  # noqa: S608 - the condition is a constant
_BRIEFLY = text("SET LOCAL statement_timeout = '1s'")


async def sweep(ring: Callable[[Bell, str], None]) -> None:
    """Ring for all of it: for sales first, and for setups after them, whatever these cost."""
    await _sweep_sales(ring)
    await _sweep_setups(ring)


async def _sweep_sales(ring: Callable[[Bell, str], None]) -> None:
    now = clock.now()
    async with transaction() as session:
        due = (await session.execute(text(_SALES_DUE), {"now": now})).one()
        connections = (await session.execute(text(_CONNECTIONS_DUE), {"now": now})).scalars().all()
        replays = await due_replays(session)
        reconciliations = await due_runs(session, now)
        erasures = await due_requests(session)
    if due.webhooks:
        ring(Bell.PROCESS_SALES, "")
    if due.rematches:
        ring(Bell.REMATCH, "")
    for connection_id in connections:
        ring(Bell.DELIVER, str(connection_id))
    for replay_id in replays:
        ring(Bell.REPLAY, str(replay_id))
    for run_id in reconciliations:
        ring(Bell.RECONCILE, str(run_id))
    for request_id in erasures:
        ring(Bell.PRIVACY, str(request_id))


async def _sweep_setups(ring: Callable[[Bell, str], None]) -> None:
    """Cut short: the sweep of sales comes round again in a second."""
    async with transaction() as session:
        await session.execute(_BRIEFLY)
        setups = await due_sessions(session, clock.now())
        chats = await due_chats(session, clock.now())
        has_notices = await is_due(session, clock.now())
        channels = await due_channels(session, clock.now())
    for session_id in setups:
        ring(Bell.SETUP, str(session_id))
    for session_id in chats:
        ring(Bell.CHAT, str(session_id))
    if has_notices:
        ring(Bell.NOTIFY, "")
    for channel_id in channels:
        ring(Bell.TELL_ALERTS, str(channel_id))


async def sweep_browser_events(ring: Callable[[Bell, str], None]) -> None:
    """Ring for the connections that forward browser events and have some that may be new."""
    async with transaction() as session:
        connections = (await session.execute(text(_BROWSER_EVENTS_DUE))).scalars().all()
    for connection_id in connections:
        ring(Bell.PLAN_BROWSER_EVENTS, str(connection_id))
