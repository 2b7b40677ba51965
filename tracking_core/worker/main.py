"""The worker process: answers doorbells on one event loop, with one database pool and one HTTP pool."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.alerts.telling import drain_channel
from tracking_core.db.engine import dispose
from tracking_core.delivery.drain import drain_connection
from tracking_core.delivery.replay import drain_replay
from tracking_core.destinations.meta_capi.client import MetaClient
from tracking_core.kit import clock
from tracking_core.logging import configure_logging
from tracking_core.metrics import pool
from tracking_core.metrics.server import serve
from tracking_core.pipeline.browser_events import OVERLAP, drain_browser_events
from tracking_core.pipeline.drain import drain_webhooks, rematch_due
from tracking_core.privacy.erase import drain_request
from tracking_core.privacy.webhook_keys import read_on
from tracking_core.reconciliation.drain import drain_run
from tracking_core.settings import Settings, get_settings
from tracking_core.telemetry import tracing
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.heartbeat import Heartbeat
from tracking_core.worker.rounds import Rounds
from tracking_core.worker.sweeper import sweep

log = structlog.get_logger()
_SHUTDOWN_SECONDS = 20.0
# Where neither Redis nor the database answers; the next turn tries again.
_SWEEP_SECONDS = 20.0
# Channels that are told at once; one that hangs takes one place.
_ALERT_STREAMS = 16
Progressing = TypeVar("Progressing")


class Worker:
    """Answers the bells it has rounds for. Sales are one stream; each connection's deliveries are another.

    ``others`` are the rounds of rooms above this one. ``with_sales`` False leaves sales to other workers.
    """

    def __init__(self, settings: Settings, *, others: Mapping[Bell, Rounds] = {}, with_sales: bool = True) -> None:
        self._settings = settings
        self._meta = MetaClient(
            graph_url=settings.meta_graph_url,
            version=settings.meta_graph_version,
            timeout_seconds=settings.meta_timeout_seconds,
        )
        self._doorbell = Doorbell(settings)
        self.heartbeat = Heartbeat()
        self._is_ending = False
        self._rounds = {**(self._sales() if with_sales else {}), **others}

    def _sales(self) -> dict[Bell, Rounds]:
        return {
            Bell.PROCESS_SALES: Rounds("sales", self._process_sales, limit=1),
            Bell.REMATCH: Rounds("rematches", self._rematch, limit=1),
            Bell.PLAN_BROWSER_EVENTS: Rounds("browser_events", self._plan_browser_events, limit=1),
            Bell.DELIVER: Rounds("deliveries", self._deliver, limit=self._settings.delivery_streams),
            Bell.REPLAY: Rounds("replays", self._replay, limit=1),
            Bell.RECONCILE: Rounds("reconciliations", self._reconcile, limit=self._settings.reconciliation_streams),
            Bell.TELL_ALERTS: Rounds("alert_messages", self._tell_alerts, limit=_ALERT_STREAMS),
            Bell.PRIVACY: Rounds("erasures", self._erase, limit=1),
        }

    async def listen(self) -> None:
        """Answer bells until cancelled; while Redis is away, look into the rows instead."""
        while not _is_cancelled():
            self.heartbeat.beat()
            try:
                if rung := await self._doorbell.answer(tuple(self._rounds)):
                    self.wake(*rung)
            except (RedisError, OSError) as error:
                log.warning("doorbell_away", error=type(error).__name__)
                await self._sweep()
                await asyncio.sleep(self._settings.sweep_interval_ms / 1_000)

    def wake(self, bell: Bell, key: str) -> None:
        if bell in self._rounds:
            self._rounds[bell].wake(key)

    async def close(self) -> None:
        """The batches under way get their time, and no further one begins; a lease expires for the rest."""
        self._is_ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                for rounds in self._rounds.values():
                    await rounds.close()
        await self._doorbell.close()
        await self._meta.aclose()
        await dispose()

    async def _sweep(self) -> None:
        try:
            async with asyncio.timeout(_SWEEP_SECONDS):
                await sweep(self.wake)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sweep_failed", error=type(error).__name__)

    async def _process_sales(self, _key: str) -> None:
        async for connections in self._until_ending(drain_webhooks(self._settings)):
            self._wake_deliveries(connections)

    async def _rematch(self, _key: str) -> None:
        self._wake_deliveries(await rematch_due())

    async def _plan_browser_events(self, connection_id: str) -> None:
        read_on = None
        async for progress in self._until_ending(drain_browser_events(UUID(connection_id))):
            read_on = progress.next
            if progress.planned:
                self.wake(Bell.DELIVER, connection_id)
        # Younger than the overlap, the rest is read again anyway when the scheduler rings.
        if read_on is not None and read_on < clock.now() - OVERLAP:
            self.wake(Bell.PLAN_BROWSER_EVENTS, connection_id)

    def _wake_deliveries(self, connections: Iterable[UUID]) -> None:
        for connection_id in connections:
            self.wake(Bell.DELIVER, str(connection_id))

    async def _replay(self, replay_id: str) -> None:
        async for connections in self._until_ending(drain_replay(UUID(replay_id))):
            self._wake_deliveries(connections)

    async def _erase(self, request_id: str) -> None:
        if not request_id:
            await read_on()
            return
        async for _ in self._until_ending(drain_request(UUID(request_id), self._settings)):
            pass

    async def _tell_alerts(self, channel_id: str) -> None:
        await drain_channel(UUID(channel_id), self._settings)

    async def _reconcile(self, run_id: str) -> None:
        wake_sales = partial(self.wake, Bell.PROCESS_SALES, "")
        if await drain_run(UUID(run_id), settings=self._settings, on_news=wake_sales):
            self.wake(Bell.RECONCILE, run_id)

    async def _deliver(self, connection_id: str) -> None:
        await drain_connection(
            UUID(connection_id), client=self._meta, settings=self._settings, is_ending=lambda: self._is_ending
        )

    async def _until_ending(self, batches: AsyncIterator[Progressing]) -> AsyncIterator[Progressing]:
        """Each is committed when it is told: between two of them the worker may end."""
        async for one in batches:
            yield one
            if self._is_ending:
                return


def _is_cancelled() -> bool:
    """Also when a client took the cancel for the end of a timeout of its own: asked of the task, it is not lost."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def run(*, others: Mapping[Bell, Rounds] = {}, with_sales: bool = True) -> None:
    """Work until SIGINT or SIGTERM. Raises what ended the listening: one that hears nothing is to be started again."""
    settings = get_settings()
    configure_logging(settings.log_level)
    worker, stopping = Worker(settings, others=others, with_sales=with_sales), asyncio.Event()
    _observe(settings, worker.heartbeat)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    listening = asyncio.create_task(worker.listen())
    gc.freeze()  # what was loaded so far stays; collections look only at what is new
    log.info("worker_started")
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait({told, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    [ended] = await asyncio.gather(listening, return_exceptions=True)
    await worker.close()
    await asyncio.to_thread(tracing.stop)
    log.info("worker_stopped")
    if not told.done() and isinstance(ended, BaseException):
        raise ended


def _observe(settings: Settings, heartbeat: Heartbeat) -> None:
    tracing.start(settings, "worker")
    pool.watch()
    serve(settings, "worker", lambda: heartbeat.is_alive)
