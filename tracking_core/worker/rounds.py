"""Work that is woken by key: one round at a time for each key, and a wake during a round means one more after it.

Doorbells are answered at once and the work goes on beside them, so a vendor that hangs for one key holds up no bell.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass

import structlog

from tracking_core.logging import lines_apart
from tracking_core.metrics.infrastructure import ROUND_SECONDS, ROUNDS
from tracking_core.telemetry import tracing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Share:
    """``group_of`` says whose a key is; of the rounds at once, ``limit`` may be one group's, so that nobody's many slow
    ones keep the others waiting."""

    group_of: Callable[[str], Awaitable[str]]
    limit: int


class Rounds:
    """Bound to one event loop. ``limit`` rounds run at once; the keys beyond it wait their turn."""

    def __init__(
        self, name: str, work: Callable[[str], Awaitable[None]], *, limit: int, share: Share | None = None
    ) -> None:
        self._name, self._work, self._share = name, work, share
        self._turn = asyncio.Semaphore(limit)
        self._turn_of: dict[str, tuple[asyncio.Semaphore, set[str]]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._closed = False
        self._context = copy_context()

    def wake(self, key: str = "") -> None:
        """Never blocks and never raises; after ``close`` it does nothing, for the rows say what is due."""
        if self._closed:
            return
        if key in self._running:
            self._again.add(key)
        else:
            # In nobody's context: a bell may ring amidst the work for another tenant.
            rounds = self._rounds(key)
            self._running[key] = asyncio.get_running_loop().create_task(rounds, context=self._context.copy())

    async def close(self) -> None:
        """Let the rounds under way end; nothing new starts."""
        self._closed = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _rounds(self, key: str) -> None:
        try:
            async with self._turn_of_group(key), self._turn:
                await self._round(key)
                while key in self._again and not self._closed:
                    self._again.discard(key)
                    await self._round(key)
        except Exception as error:
            log.exception("round_not_begun", work=self._name, key=key, error=type(error).__name__)
        finally:
            del self._running[key]
            self._again.discard(key)

    @asynccontextmanager
    async def _turn_of_group(self, key: str) -> AsyncIterator[None]:
        """A place among the group's before one among all: who waits here holds none of the others'."""
        if self._share is None:
            yield
            return
        group = await self._share.group_of(key)
        turn, keys = self._turn_of.setdefault(group, (asyncio.Semaphore(self._share.limit), set()))
        keys.add(key)
        try:
            async with turn:
                yield
        finally:
            keys.discard(key)
            if not keys:
                self._turn_of.pop(group, None)

    async def _round(self, key: str) -> None:
        outcome = "done"
        with ROUND_SECONDS.labels(self._name).time(), lines_apart(), tracing.place():
            try:
                await self._work(key)
            except Exception as error:
                # What is due stays due in its rows, and the sweeper wakes it again.
                outcome = "failed"
                log.exception("round_failed", work=self._name, key=key, error=type(error).__name__)
        ROUNDS.labels(self._name, outcome).inc()
