"""Wake a worker after a commit. Bells are members of one sorted set in Redis: rung twice before anyone answers is rung
once, and a worker waits for one without polling.

A doorbell that cannot ring (Redis away) loses nothing: the row says the work is due and the sweeper rings again.
"""

import asyncio
from collections.abc import Callable, Collection
from enum import StrEnum

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracking_core.kit import clock
from tracking_core.metrics.infrastructure import DOORBELL_FAILURES
from tracking_core.settings import Settings

# A set for each pool of workers: a worker that cannot do the work must not take its bell.
_SALES_BELLS, _SETUP_BELLS = "hub:bells", "hub:bells:setup"
_WAIT_SECONDS = 1.0
# The first ring is at once, those that follow closely share one: a rush costs at most a hundred rings a second.
_GAP_SECONDS = 0.01

log = structlog.get_logger()


class Bell(StrEnum):
    """What is due. Deliveries and browser events name their connection, a setup and a chat their session, a replay,
    a reconciliation and a privacy request their row (none: webhooks to be looked through), messages of alerts their
    channel."""

    PROCESS_SALES = "process_sales"
    REMATCH = "rematch"
    DELIVER = "deliver"
    REPLAY = "replay"
    PLAN_BROWSER_EVENTS = "plan_browser_events"
    SETUP = "setup"
    CHAT = "chat"
    NOTIFY = "notify"
    RECONCILE = "reconcile"
    TELL_ALERTS = "tell_alerts"
    PRIVACY = "privacy"


_SETUP = frozenset({Bell.SETUP, Bell.CHAT, Bell.NOTIFY})


class Doorbell:
    """Bound to one event loop. ``ring`` never blocks and never raises."""

    def __init__(self, settings: Settings) -> None:
        self._redis = Redis.from_url(
            settings.redis_url, socket_timeout=_WAIT_SECONDS + 4, socket_connect_timeout=2, decode_responses=True
        )
        self._wanted: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def ring(self, bell: Bell, key: str = "") -> None:
        self._wanted.add(f"{bell}:{key}")
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ring_wanted())

    def after_commit(self, bell: Bell, key: str = "") -> Callable[[], None]:
        return lambda: self.ring(bell, key)

    async def answer(self, bells: Collection[Bell] = tuple(Bell)) -> tuple[Bell, str] | None:
        """The next of these bells, or None after a second without one. Raises RedisError or OSError when Redis is away.

        ``bells`` are all of a pool's: a pool's other bells would be taken too.
        """
        sets = sorted({_set_of(bell) for bell in bells})
        popped = await self._redis.bzpopmin(sets, timeout=_WAIT_SECONDS)
        if not popped:
            return None
        bell, _, key = str(popped[1]).partition(":")
        if bell not in tuple(Bell):
            log.warning("doorbell_unknown", bell=bell)  # of a newer version beside this one: its rows are swept there
            return None
        return Bell(bell), key

    async def close(self) -> None:
        if self._task is not None:
            await self._task
        await self._redis.aclose()

    async def _ring_wanted(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, set()
            now = clock.now().timestamp()
            try:
                for name, rung in _by_set(wanted).items():
                    await self._redis.zadd(name, dict.fromkeys(rung, now), nx=True)
            except (RedisError, OSError) as error:
                DOORBELL_FAILURES.inc()
                log.warning("doorbell_not_rung", bells=len(wanted), error=type(error).__name__)
            await asyncio.sleep(_GAP_SECONDS)


def _set_of(bell: Bell) -> str:
    return _SETUP_BELLS if bell in _SETUP else _SALES_BELLS


def _by_set(wanted: Collection[str]) -> dict[str, list[str]]:
    sets: dict[str, list[str]] = {}
    for rung in wanted:
        sets.setdefault(_set_of(Bell(rung.partition(":")[0])), []).append(rung)
    return sets
