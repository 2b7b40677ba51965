"""What happens in the hub, as it happens: read by one short query after the other for all of this process who follow,
however many they are, and only while somebody does.

Rows bear the time they were made and become visible a little later, so each read goes back ``OVERLAP`` before the one
before it. A follower gets no row twice; who comes back with a time gets that overlap again, and knows rows by ``key``.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tracking_core.db.engine import AWAY, transaction
from tracking_core.kit import clock
from tracking_core.reporting.live import LiveRow, newest
from tracking_core.reporting.scope import EVERYONE, Scope

OVERLAP = timedelta(seconds=10)
SHOWN = 100
_READ_MAX = 500
_KEPT = 60
_RECHECK_SECONDS = 60.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows, newest first; ``until`` is the time up to which all is known with them."""

    number: int
    rows: Sequence[LiveRow]
    until: datetime


class Feed:
    """Of one process, bound to one event loop. ``reads`` counts the shared queries."""

    def __init__(self, interval_seconds: float = 1.0) -> None:
        self.reads = 0
        self._interval = interval_seconds
        self._batches: deque[Batch] = deque(maxlen=_KEPT)
        self._number = 0
        self._followers = 0
        self._bell = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def follow(
        self,
        scope: Scope,
        *,
        after: datetime | None,
        is_over: Callable[[], bool],
        allowed: Callable[[], Awaitable[bool]],
    ) -> AsyncGenerator[Batch, None]:
        """First what is known since ``after``, then what comes, until it ``is_over`` or they are ``allowed`` no more.
        Who is slow misses the oldest, never the newest."""
        loop = asyncio.get_running_loop()
        with self._joined():
            number, recheck_at = self._number, loop.time() + _RECHECK_SECONDS
            first = await self._first(scope, after)
            yield first
            known = {row.key for row in first.rows}
            while not is_over():
                fresh, number = self._since(number, scope, known)
                if fresh is not None:
                    yield fresh
                if loop.time() >= recheck_at:
                    if not await allowed():
                        return
                    recheck_at = loop.time() + _RECHECK_SECONDS
                await self._newer(number)

    def _since(self, number: int, scope: Scope, known: set[str]) -> tuple[Batch | None, int]:
        batches = [one for one in self._batches if one.number > number]
        rows = [row for one in reversed(batches) for row in one.rows if _is_of(row, scope) and row.key not in known]
        if not batches or not rows:
            return None, self._number
        return Batch(self._number, rows[:SHOWN], batches[-1].until), self._number

    async def _first(self, scope: Scope, after: datetime | None) -> Batch:
        while True:
            with suppress(*AWAY):
                now = clock.now()
                async with transaction() as session:
                    since = after - OVERLAP if after else None
                    rows = await newest(session, scope, now=now, limit=SHOWN, after=since)
                return Batch(self._number, rows, now)
            await asyncio.sleep(self._interval)

    async def _newer(self, number: int) -> None:
        """Return once there is more, or after a moment."""
        if self._number == number:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._bell.wait()

    @contextmanager
    def _joined(self) -> Iterator[None]:
        self._followers += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._reader.cancel()
                self._reader = None

    async def _read(self) -> None:
        """Until the last follower leaves. A database that is away for a while is asked again for all of it."""
        known: set[str] = set()
        until = clock.now()
        while True:
            now = clock.now()
            try:
                async with transaction() as session:
                    rows = await newest(session, EVERYONE, now=now, limit=_READ_MAX, after=until - OVERLAP)
            except AWAY as error:
                log.warning("live_feed_waits", error=type(error).__name__)
            else:
                self.reads += 1
                self._keep([row for row in rows if row.key not in known], now)
                known, until = {row.key for row in rows}, now
            await asyncio.sleep(self._interval)

    def _keep(self, rows: Sequence[LiveRow], until: datetime) -> None:
        if not rows:
            return
        self._number += 1
        self._batches.append(Batch(self._number, rows, until))
        self._bell.set()
        self._bell = asyncio.Event()


def _is_of(row: LiveRow, scope: Scope) -> bool:
    return scope.tenant_id is None or row.tenant_id == scope.tenant_id
