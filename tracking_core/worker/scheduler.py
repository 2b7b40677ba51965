"""The scheduler process: the sweeper that rings again for what is due, and the housekeeping by the clock."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.db.engine import dispose, transaction
from tracking_core.db.partitions import drop_expired_partitions, ensure_partitions
from tracking_core.kit import clock
from tracking_core.logging import configure_logging
from tracking_core.models import IS_FORWARDABLE
from tracking_core.settings import Settings, get_settings
from tracking_core.worker.doorbell import DELIVER, PLAN_BROWSER_EVENTS, PROCESS_SALES, Doorbell

log = structlog.get_logger()
_DAY_SECONDS = 86_400.0
# Meta wants browser events within the hour; each round reads the overlap of the last one again.
_BROWSER_EVENTS_SECONDS = 5.0

_WEBHOOKS_DUE = """
SELECT EXISTS (SELECT FROM received_webhooks WHERE state = 'received' AND due_at <= :now)
    OR EXISTS (SELECT FROM conversions WHERE rematch_at <= :now)
"""
_CONNECTIONS_DUE = """
SELECT c.id FROM meta_connections c
WHERE c.state = 'active' AND coalesce(c.paused_until, :now) <= :now
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
WHERE c.state = 'active' AND c.browser_events <> '{{}}'
"""  # noqa: S608 - the condition is a constant


async def sweep(doorbell: Doorbell) -> None:
    """Ring for whatever is due: rows whose doorbell was lost, retries whose time has come, leases that expired."""
    now = clock.now()
    async with transaction() as session:
        webhooks_due = (await session.execute(text(_WEBHOOKS_DUE), {"now": now})).scalar_one()
        connections = (await session.execute(text(_CONNECTIONS_DUE), {"now": now})).scalars().all()
    if webhooks_due:
        doorbell.ring(PROCESS_SALES)
    for connection_id in connections:
        doorbell.ring(DELIVER, str(connection_id))


async def sweep_browser_events(doorbell: Doorbell) -> None:
    """Ring for the connections that forward browser events and have some that may be new."""
    async with transaction() as session:
        connections = (await session.execute(text(_BROWSER_EVENTS_DUE))).scalars().all()
    for connection_id in connections:
        doorbell.ring(PLAN_BROWSER_EVENTS, str(connection_id))


async def keep_house(settings: Settings) -> None:
    """Make the coming weeks' partitions and drop those past retention."""
    async with transaction() as session:
        await ensure_partitions(session, clock.now())
        dropped = await drop_expired_partitions(session, clock.now(), retention_days=settings.tracking_retention_days)
    if dropped:
        log.info("partitions_dropped", partitions=dropped)


async def run() -> None:
    """Run until SIGINT or SIGTERM."""
    settings = get_settings()
    configure_logging(settings.log_level)
    doorbell = Doorbell(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    log.info("scheduler_started")
    jobs = [
        asyncio.create_task(_every(settings.sweep_interval_ms / 1_000, lambda: sweep(doorbell))),
        asyncio.create_task(_every(_BROWSER_EVENTS_SECONDS, lambda: sweep_browser_events(doorbell))),
        asyncio.create_task(_every(_DAY_SECONDS, lambda: keep_house(settings))),
    ]
    await stopping.wait()
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    await doorbell.close()
    await dispose()


async def _every(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    """Run the job now and then every ``seconds``; a database that is away is met again at the next turn."""
    while True:
        delay = seconds
        try:
            await job()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("scheduled_job_failed", error=type(error).__name__)
            delay = min(seconds, 5.0)
        await asyncio.sleep(delay)
