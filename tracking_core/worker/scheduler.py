"""The scheduler process: the sweeper that rings again for what is due, and the housekeeping by the clock."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.db.engine import dispose, transaction
from tracking_core.db.partitions import drop_expired_partitions, ensure_partitions
from tracking_core.handoff.breaches import sweep as sweep_breaches
from tracking_core.kit import clock
from tracking_core.logging import configure_logging
from tracking_core.screenshots.sweep import sweep as sweep_screenshots
from tracking_core.secrets.sweep import sweep as sweep_secrets
from tracking_core.settings import Settings, get_settings
from tracking_core.setup.approvals import expire_due
from tracking_core.users.sweep import sweep as sweep_sign_ins
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.sweeper import sweep, sweep_browser_events

log = structlog.get_logger()
_PROMISES_SECONDS, _MINUTE_SECONDS, _DAY_SECONDS = 30.0, 60.0, 86_400.0
# Meta wants browser events within the hour; each round reads the overlap of the last one again.
_BROWSER_EVENTS_SECONDS = 5.0


async def keep_house(settings: Settings) -> None:
    """Make the coming weeks' partitions and drop those past retention."""
    async with transaction() as session:
        await ensure_partitions(session, clock.now())
        dropped = await drop_expired_partitions(session, clock.now(), retention_days=settings.tracking_retention_days)
    if dropped:
        log.info("partitions_dropped", partitions=dropped)


async def expire(doorbell: Doorbell) -> None:
    """End what nobody decided on or verified in time."""
    for session_id in await expire_due(clock.now()):
        doorbell.ring(Bell.SETUP, str(session_id))
    swept = await sweep_secrets(clock.now())
    if swept.expired:
        log.info("secrets_expired", secrets=swept.expired)
    await sweep_screenshots(clock.now())
    await sweep_sign_ins(clock.now())


async def keep_promises(settings: Settings) -> None:
    """Tell people once more of the cases that are late."""
    if late := await sweep_breaches(clock.now(), settings):
        log.warning("handoffs_late", handoffs=late)


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
        asyncio.create_task(_every(settings.sweep_interval_ms / 1_000, lambda: sweep(doorbell.ring))),
        asyncio.create_task(_every(_BROWSER_EVENTS_SECONDS, lambda: sweep_browser_events(doorbell.ring))),
        asyncio.create_task(_every(_MINUTE_SECONDS, lambda: expire(doorbell))),
        asyncio.create_task(_every(_PROMISES_SECONDS, lambda: keep_promises(settings))),
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
