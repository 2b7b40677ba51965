"""The scheduler process: the sweeper that rings again for what is due, and the housekeeping by the clock.

Of several, one leads and the others stand by.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.alerts.evaluate import run as evaluate_alerts
from tracking_core.connections.token_ends import ask_due
from tracking_core.consent.recording import record_new
from tracking_core.db.engine import dispose, transaction
from tracking_core.db.partitions import ensure_partitions
from tracking_core.handoff.breaches import sweep as sweep_breaches
from tracking_core.kit import clock
from tracking_core.logging import configure_logging
from tracking_core.metrics import pool
from tracking_core.metrics.infrastructure import JOBS
from tracking_core.metrics.server import serve
from tracking_core.privacy.service import expire as expire_privacy
from tracking_core.reconciliation.schedule import plan_rounds
from tracking_core.retention.run import run_due
from tracking_core.secrets.sweep import sweep as sweep_secrets
from tracking_core.settings import Settings, get_settings
from tracking_core.setup.approvals import expire_due
from tracking_core.telemetry import tracing
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.heartbeat import Heartbeat
from tracking_core.worker.leadership import Leadership
from tracking_core.worker.sweeper import sweep, sweep_browser_events

log = structlog.get_logger()
_PROMISES_SECONDS, _MINUTE_SECONDS, _DAY_SECONDS = 30.0, 60.0, 86_400.0
# Meta wants browser events within the hour; each round reads the overlap of the last one again.
_BROWSER_EVENTS_SECONDS = 5.0
_SOON_SECONDS = 5.0
_CONSENTS_SECONDS = 15.0
_ALERTS_SECONDS = 20.0
# One that was entered a moment ago may end tomorrow.
_TOKENS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """``name`` is what its spans, log lines and counts call it; ``again_seconds`` the longest pause after a failure."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[None]]
    again_seconds: float = _SOON_SECONDS


async def keep_house() -> None:
    """Make the coming weeks' partitions. They are due in weeks: what keeps one off is not asked every few seconds."""
    async with transaction() as session:
        await ensure_partitions(session, clock.now())


async def expire(doorbell: Doorbell) -> None:
    """End what nobody decided on or verified in time."""
    for session_id in await expire_due(clock.now()):
        doorbell.ring(Bell.SETUP, str(session_id))
    swept = await sweep_secrets(clock.now())
    if swept.expired:
        log.info("secrets_expired", secrets=swept.expired)
    await expire_privacy(clock.now())
    doorbell.ring(Bell.PRIVACY)


async def let_go(settings: Settings) -> None:
    """End what was kept long enough, each kind of data in its own rhythm (``tracking_core.retention``)."""
    await run_due(settings)


async def prove_consents() -> None:
    """Write down what browsers said of consent since the last time."""
    if records := await record_new():
        log.info("consents_recorded", records=records)


async def keep_promises(settings: Settings) -> None:
    """Tell people once more of the cases that are late."""
    if late := await sweep_breaches(clock.now(), settings):
        log.warning("handoffs_late", handoffs=late)


async def plan_reconciliations(doorbell: Doorbell, settings: Settings) -> None:
    """Make the rounds that read the gateways' lists of sales due."""
    async with transaction() as session:
        planned = await plan_rounds(session, clock.now(), settings)
    for run_id in planned:
        doorbell.ring(Bell.RECONCILE, str(run_id))


async def run() -> None:
    """Run until SIGINT or SIGTERM."""
    settings = get_settings()
    configure_logging(settings.log_level)
    tracing.start(settings, "scheduler")
    pool.watch()
    heartbeat = Heartbeat()
    serve(settings, "scheduler", lambda: heartbeat.is_alive)
    doorbell = Doorbell(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    log.info("scheduler_started")
    leadership = Leadership("scheduler")
    jobs = _jobs(settings, doorbell)
    _count_from_zero(jobs)
    tasks = [asyncio.create_task(_every(job, leadership)) for job in jobs]
    tasks.append(asyncio.create_task(leadership.keep(heartbeat.beat)))
    await stopping.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await leadership.give_up()
    await doorbell.close()
    await dispose()
    await asyncio.to_thread(tracing.stop)


def _jobs(settings: Settings, doorbell: Doorbell) -> list[Job]:
    return [
        Job("sweep", settings.sweep_interval_ms / 1_000, lambda: sweep(doorbell.ring)),
        Job("sweep_browser_events", _BROWSER_EVENTS_SECONDS, lambda: sweep_browser_events(doorbell.ring)),
        Job("expire", _MINUTE_SECONDS, lambda: expire(doorbell)),
        Job("keep_promises", _PROMISES_SECONDS, lambda: keep_promises(settings)),
        Job("plan_reconciliations", _MINUTE_SECONDS, lambda: plan_reconciliations(doorbell, settings)),
        Job("let_go", _MINUTE_SECONDS, lambda: let_go(settings)),
        Job("prove_consents", _CONSENTS_SECONDS, prove_consents),
        Job("evaluate_alerts", _ALERTS_SECONDS, lambda: evaluate_alerts(settings)),
        Job("ask_token_ends", _TOKENS_SECONDS, lambda: ask_due(settings)),
        Job("keep_house", _DAY_SECONDS, keep_house, _MINUTE_SECONDS),
    ]


def _count_from_zero(jobs: list[Job]) -> None:
    """A counter that begins with its first failure shows no increase at it."""
    for job in jobs:
        for outcome in ("done", "failed"):
            JOBS.labels(job.name, outcome)


async def _every(job: Job, leadership: Leadership) -> None:
    """Run the job now and then every ``seconds`` of it, while this scheduler leads."""
    while True:
        await leadership.leads()
        await asyncio.sleep(await _round(job))


async def _round(job: Job) -> float:
    """One round, and after how many seconds the next one is due. No failure ends the job, neither a database that is
    away nor a defect of ours: it is met again at the next turn."""
    try:
        with tracing.span(f"scheduler.{job.name}", is_root=True):
            await job.run()
        JOBS.labels(job.name, "done").inc()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        JOBS.labels(job.name, "failed").inc()
        log.warning("scheduled_job_failed", job=job.name, error=type(error).__name__)
        return min(job.seconds, job.again_seconds)
    except Exception as error:
        JOBS.labels(job.name, "failed").inc()
        log.exception("scheduled_job_broken", job=job.name, error=type(error).__name__)
        return max(job.seconds, _SOON_SECONDS)
    return job.seconds
