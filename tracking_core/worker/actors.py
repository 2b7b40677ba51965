"""The actors. Each answers its doorbell, then works until nothing is due. Import after ``broker.install``."""

from uuid import UUID

import dramatiq

from tracking_core.delivery.drain import drain_connection
from tracking_core.kit import clock
from tracking_core.pipeline.browser_events import OVERLAP, drain_browser_events
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.worker import context
from tracking_core.worker.broker import Queue
from tracking_core.worker.doorbell import DELIVER, PLAN_BROWSER_EVENTS, PROCESS_SALES

# A higher number waits longer: a thread that comes free takes sales and deliveries first.
_AFTER_SALES = 10


@dramatiq.actor(actor_name=PROCESS_SALES, queue_name=Queue.SALES.value)
async def process_sales() -> None:
    worker = context.current()
    await worker.doorbell.answered(PROCESS_SALES)
    async for connections in drain_webhooks(worker.settings):
        for connection_id in connections:
            worker.doorbell.ring(DELIVER, str(connection_id))


@dramatiq.actor(actor_name=DELIVER, queue_name=Queue.DELIVERY.value)
async def deliver(connection_id: str) -> None:
    worker = context.current()
    await worker.doorbell.answered(DELIVER, connection_id)
    await drain_connection(UUID(connection_id), client=worker.meta, settings=worker.settings)


@dramatiq.actor(actor_name=PLAN_BROWSER_EVENTS, queue_name=Queue.BROWSER_EVENTS.value, priority=_AFTER_SALES)
async def plan_browser_events(connection_id: str) -> None:
    worker = context.current()
    await worker.doorbell.answered(PLAN_BROWSER_EVENTS, connection_id)
    read_on = None
    async for progress in drain_browser_events(UUID(connection_id)):
        read_on = progress.next
        if progress.planned:
            worker.doorbell.ring(DELIVER, connection_id)
    # Younger than the overlap, the rest is read again anyway when the scheduler rings.
    if read_on is not None and read_on < clock.now() - OVERLAP:
        worker.doorbell.ring(PLAN_BROWSER_EVENTS, connection_id)
