"""Those who wait for an intent to be handled: one question to the database for all of this process."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.models import IntentState, SetupIntent

_PAUSE_SECONDS = 0.05
log = structlog.get_logger()


class Waiting:
    """Bound to one event loop; its task lives while somebody waits."""

    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[None], UUID] = {}
        self._task: asyncio.Task[None] | None = None

    async def off_queue(self, intent_id: UUID, seconds: float) -> None:
        """Return once the intent is off the queue, or after ``seconds``."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = intent_id
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await waiter
        finally:
            del self._waiters[waiter]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        """A database that is away is asked again at the next turn."""
        while self._waiters:
            try:
                handled = await off_queue(set(self._waiters.values()))
            except (SQLAlchemyError, OSError) as error:
                log.warning("waiting_not_looked", error=type(error).__name__)
            else:
                self._wake(handled)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _wake(self, handled: Collection[UUID]) -> None:
        for waiter, intent_id in self._waiters.items():
            if intent_id in handled and not waiter.done():
                waiter.set_result(None)


async def off_queue(intents: Collection[UUID]) -> set[UUID]:
    """Those of the intents that are queued no more."""
    query = select(SetupIntent.id).where(col(SetupIntent.id).in_(intents), SetupIntent.state != IntentState.QUEUED)
    async with transaction() as session:
        return set((await session.scalars(query)).all())
