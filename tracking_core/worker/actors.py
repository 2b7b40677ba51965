"""The two actors. Each answers its doorbell, then works until nothing is due. Import after ``broker.install``."""

from uuid import UUID

import dramatiq

from tracking_core.delivery.drain import drain_connection
from tracking_core.pipeline.drain import drain_webhooks
from tracking_core.worker import context
from tracking_core.worker.broker import Queue
from tracking_core.worker.doorbell import DELIVER, PROCESS_SALES


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
