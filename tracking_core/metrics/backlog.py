"""What waits, counted in the rows when ``/metrics`` is asked, and not more often than every few seconds.

Every replica of the API tells the same numbers: queries take ``max``, never ``sum``.
"""

import time

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.db.engine import transaction
from tracking_core.db.partitions import weeks_ahead
from tracking_core.kit import clock
from tracking_core.metrics.delivery import CONNECTIONS, DEAD_LETTERS, QUEUE_DEPTH, QUEUE_OLDEST
from tracking_core.metrics.infrastructure import BACKLOG_FAILURES, PARTITIONS_AHEAD

log = structlog.get_logger()
_COUNTED_MAX = 100_000
_FRESH_SECONDS = 10.0
_BRIEFLY = text("SET LOCAL statement_timeout = '2s'")
# What waits for a person (a connection on hold, a disabled one) is not late. Each part is read in the order of an
# index, connection by connection, so the oldest is among those counted.
_OF_CONNECTIONS = """
SELECT '{queue}' AS queue, count(*) AS depth, min(d.due_at) AS oldest
FROM meta_connections c CROSS JOIN LATERAL (
    SELECT due_at FROM deliveries
    WHERE connection_id = c.id AND state IN ('waiting', 'retrying') AND due_at <= :now AND conversion_id {which}
    ORDER BY due_at LIMIT :most
) d WHERE c.state = 'active' AND c.disabled_at IS NULL
"""
_ROWS = """
SELECT '{queue}', count(*), min(at) FROM (SELECT {at} AS at FROM {table} WHERE {where} ORDER BY {at} LIMIT :most) q
"""
_QUEUES = text(
    " UNION ALL ".join(
        (
            _OF_CONNECTIONS.format(queue="sales", which="IS NOT NULL"),
            _OF_CONNECTIONS.format(queue="visits", which="IS NULL"),
            _ROWS.format(
                queue="webhooks", at="due_at", table="received_webhooks", where="state = 'received' AND due_at <= :now"
            ),
            _ROWS.format(queue="setup", at="created_at", table="setup_intents", where="state = 'queued'"),
            _ROWS.format(
                queue="chat", at="created_at", table="setup_messages", where="role = 'seller' AND turn_id IS NULL"
            ),
            # The work of these is done in many steps: what moves is not late.
            _ROWS.format(
                queue="erasures",
                at="greatest(approved_at, moved_at)",
                table="privacy_requests",
                where="state = 'running'",
            ),
            _ROWS.format(
                queue="reconciliations",
                at="greatest(due_at, moved_at)",
                table="reconciliation_runs",
                where="state IN ('reading', 'comparing') AND due_at <= :now",
            ),
            _ROWS.format(
                queue="alert_messages",
                at="due_at",
                table="alert_messages",
                where="state = 'waiting' AND due_at <= :now"
                " AND EXISTS (SELECT FROM alert_channels c WHERE c.id = channel_id AND c.enabled)",
            ),
            _ROWS.format(
                queue="notifications", at="due_at", table="notifications", where="state = 'waiting' AND due_at <= :now"
            ),
        )
    )
)
_CONNECTIONS = text("""
SELECT CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN state <> 'active' THEN 'on_hold'
            WHEN paused_until > :now THEN 'resting' ELSE 'active' END AS state, count(*) AS n
FROM meta_connections GROUP BY 1
""")
_DEAD = text("""
SELECT count(conversion_id) AS sale, count(*) - count(conversion_id) AS visit
FROM (SELECT conversion_id FROM deliveries WHERE state = 'dead' LIMIT :most) d
""")
_STATES = ("active", "resting", "on_hold", "disabled")


class Backlog:
    """Of one process. ``measure`` never raises: who asks for metrics while the database is away gets the others."""

    def __init__(self) -> None:
        self._measured_at = -_FRESH_SECONDS

    async def measure(self) -> None:
        if time.monotonic() - self._measured_at < _FRESH_SECONDS:
            return
        self._measured_at = time.monotonic()
        try:
            await _measure()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            BACKLOG_FAILURES.inc()
            log.warning("backlog_not_measured", error=type(error).__name__)


async def _measure() -> None:
    now = clock.now()
    async with transaction() as session:
        await session.execute(_BRIEFLY)
        queues = (await session.execute(_QUEUES, {"now": now, "most": _COUNTED_MAX})).all()
        states = {row.state: row.n for row in await session.execute(_CONNECTIONS, {"now": now})}
        dead = (await session.execute(_DEAD, {"most": _COUNTED_MAX})).one()
        ahead = await weeks_ahead(session, now)
    for queue, depth, oldest in queues:
        QUEUE_DEPTH.labels(queue).set(depth)
        QUEUE_OLDEST.labels(queue).set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
    for state in _STATES:
        CONNECTIONS.labels(state).set(states.get(state, 0))
    PARTITIONS_AHEAD.labels("tracking_events").set(ahead)
    DEAD_LETTERS.labels("sale").set(dead.sale)
    DEAD_LETTERS.labels("visit").set(dead.visit)
