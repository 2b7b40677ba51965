"""Wake a worker after a commit. Rings while one is unanswered are dropped: a burst costs one message.

A doorbell that cannot ring (Redis away) loses nothing: the row says the work is due and the sweeper rings again.
"""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from dramatiq import Broker, Message
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracking_core.settings import Settings
from tracking_core.worker.broker import Queue, create_broker

PROCESS_SALES = "process_sales"
DELIVER = "deliver"
PLAN_BROWSER_EVENTS = "plan_browser_events"
_QUEUES = {PROCESS_SALES: Queue.SALES, DELIVER: Queue.DELIVERY, PLAN_BROWSER_EVENTS: Queue.BROWSER_EVENTS}
# A worker that dies before answering leaves the bell rung; after this it can be rung again.
_UNANSWERED_MS = 2_000

log = structlog.get_logger()


class Doorbell:
    """Bound to one event loop. ``ring`` never blocks and never raises."""

    def __init__(self, settings: Settings, broker: Broker | None = None) -> None:
        self._redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
        self._broker = broker or create_broker(settings)
        self._wanted: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def ring(self, actor: str, argument: str = "") -> None:
        self._wanted.add((actor, argument))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ring_wanted())

    def after_commit(self, actor: str, argument: str = "") -> Callable[[], None]:
        return lambda: self.ring(actor, argument)

    async def answered(self, actor: str, argument: str = "") -> None:
        """Called by the actor before it looks for work, so that a ring from now on is a new message."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.delete(_key(actor, argument))

    async def close(self) -> None:
        if self._task is not None:
            await self._task
        await self._redis.aclose()

    async def _ring_wanted(self) -> None:
        while self._wanted:
            actor, argument = self._wanted.pop()
            try:
                if await self._redis.set(_key(actor, argument), 1, nx=True, px=_UNANSWERED_MS):
                    await asyncio.to_thread(self._broker.enqueue, _message(actor, argument))
            except (RedisError, OSError, ConnectionError) as error:
                log.warning("doorbell_not_rung", actor=actor, error=type(error).__name__)


def _key(actor: str, argument: str) -> str:
    return f"hub:bell:{actor}:{argument}"


def _message(actor: str, argument: str) -> Message[None]:
    arguments = (argument,) if argument else ()
    return Message(queue_name=_QUEUES[actor].value, actor_name=actor, args=arguments, kwargs={}, options={})
