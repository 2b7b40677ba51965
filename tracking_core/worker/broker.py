"""The Dramatiq broker. Messages are doorbells: they carry ids, are never retried, and may be lost without loss."""

from enum import StrEnum

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, Callbacks, ShutdownNotifications

from tracking_core.settings import Settings, get_settings


class Queue(StrEnum):
    SALES = "sales"
    DELIVERY = "delivery"
    BROWSER_EVENTS = "browser_events"


def create_broker(settings: Settings) -> RedisBroker:
    """No Retries and no time limit: the rows say what is due, and the sweeper rings again."""
    broker = RedisBroker(  # type: ignore[no-untyped-call]
        url=settings.redis_url,
        middleware=[ShutdownNotifications(), Callbacks(), AsyncIO()],
        socket_timeout=5,
        socket_connect_timeout=2,
    )
    for queue in Queue:
        broker.declare_queue(queue.value)
    return broker


def install() -> RedisBroker:
    """Make the process's broker; call before importing ``worker.actors``."""
    broker = create_broker(get_settings())
    dramatiq.set_broker(broker)
    return broker
