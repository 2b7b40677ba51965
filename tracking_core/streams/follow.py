"""Follow a session's events: a snapshot or a replay first, then each as it comes, without gap or repeat.

Nothing of the database is held while waiting, and streams that stand at the same number share one read.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import AWAY, transaction
from tracking_core.errors import RateLimited
from tracking_core.streams.append import EventType
from tracking_core.streams.listener import POLL_SECONDS, Listener

PAGE = 20  # of at most MAX_DATA_BYTES each: what a slow reader may keep in memory
_AWAY_SECONDS = 1.0
_RETRY_AFTER_SECONDS = 10
_PAGE = text(
    "SELECT seq, type, CAST(data AS text) FROM session_events WHERE session_id = :session_id AND seq > :after"
    " ORDER BY seq LIMIT :limit"
)
_STANDING = text(
    "SELECT s.tenant_id, (SELECT min(seq) FROM session_events WHERE session_id = s.id), s.event_seq,"
    " coalesce(e.type = 'end', false) FROM setup_sessions s"
    " LEFT JOIN session_events e ON e.session_id = s.id AND e.seq = s.event_seq WHERE s.id = :session_id"
)
_TYPE = text("SELECT type FROM session_events WHERE session_id = :session_id AND seq = :seq")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Event:
    """``data`` is JSON."""

    seq: int
    type: str
    data: str


Page = tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose the session is, its oldest number still kept, its newest, and whether that one ended it."""

    tenant_id: UUID
    first: int | None
    last: int
    ended: bool

    def resume_after(self, last_event_id: str | None) -> int | None:
        """The number to go on after; None, a fresh connect, for one that was never given or reaches back too far."""
        if not last_event_id or not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 20):
            return None
        number, kept_after = int(last_event_id), self.last if self.first is None else self.first - 1
        return number if kept_after <= number <= self.last else None


class Snapshot(Protocol):
    """The session's projection and the number it is true for, both read by one statement."""

    async def __call__(self, session: AsyncSession, session_id: UUID, /) -> tuple[int, dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """``per_tenant`` and ``framed`` count streams of one process: a tenant's own, and those in frames of other sites,
    where anybody may open as many as they like."""

    per_tenant: int = 50
    framed: int = 20
    ping_seconds: float = 15.0
    send_seconds: float = 10.0
    recheck_seconds: float = 60.0
    poll_seconds: float = POLL_SECONDS


async def standing(session: AsyncSession, session_id: UUID) -> Standing | None:
    row = (await session.execute(_STANDING, {"session_id": session_id})).one_or_none()
    return Standing(*row) if row else None


class Streams:
    """The streams of one process. Bound to one event loop; its connection opens with the first stream."""

    def __init__(self, database_url: str, snapshot: Snapshot, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._listener = Listener(database_url, poll_seconds=self.limits.poll_seconds)
        self._snapshot = snapshot
        self._open: Counter[tuple[UUID, bool]] = Counter()
        self._reading: dict[tuple[UUID, int, int], asyncio.Task[Page]] = {}
        self.closing = self._listener.closing

    async def stop(self) -> None:
        """End every stream and close the connection."""
        await self._listener.stop()

    @contextmanager
    def place(self, tenant_id: UUID, *, is_framed: bool = False) -> Iterator[None]:
        """One of the tenant's places, or of those in frames of other sites, for as long as the block lasts; RateLimited
        when all of these are taken."""
        key = (tenant_id, is_framed)
        if self._open[key] >= (self.limits.framed if is_framed else self.limits.per_tenant):
            raise RateLimited(retry_after_seconds=_RETRY_AFTER_SECONDS)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    async def follow(
        self, session_id: UUID, *, after: int | None, allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[Event, None]:
        """Until ``end``, until ``closing``, or until ``allowed``, asked again and again, says no."""
        check_at = time.monotonic() + self.limits.recheck_seconds
        with self._listener.watch(session_id) as topic:
            if after is None:
                state = await _patiently(partial(self._state, session_id))
                yield state
                after = state.seq
            while not self.closing.is_set():
                seen = topic.version
                page = await _patiently(partial(self._shared, (session_id, after, seen)))
                for event in page:
                    yield event
                    if event.type == EventType.END:
                        return
                    after = event.seq
                if len(page) < PAGE:
                    await topic.newer(seen, max(0.0, check_at - time.monotonic()))
                if time.monotonic() >= check_at:
                    if not await _patiently(allowed):
                        return
                    check_at = time.monotonic() + self.limits.recheck_seconds

    async def _state(self, session_id: UUID) -> Event:
        """The snapshot. Of a session that has ended it bears the number before, so that the end itself follows."""
        async with transaction() as session:
            seq, projection = await self._snapshot(session, session_id)
            newest = await session.scalar(_TYPE, {"session_id": session_id, "seq": seq})
        number = seq - 1 if newest == EventType.END else seq
        return Event(number, EventType.STATE, orjson.dumps(projection, default=str).decode())

    async def _shared(self, key: tuple[UUID, int, int]) -> Page:
        """The page after a number, read once for all who ask for it since the same bell."""
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(_page(*key[:2]))
            task.add_done_callback(lambda done: self._read(key, done))
        # One stream that is cut must not take the page from the others.
        return await asyncio.shield(task)

    def _read(self, key: tuple[UUID, int, int], done: asyncio.Task[Page]) -> None:
        del self._reading[key]
        if not done.cancelled():
            done.exception()  # seen, even when every stream that asked was cut


async def _page(session_id: UUID, after: int) -> Page:
    async with transaction() as session:
        rows = await session.execute(_PAGE, {"session_id": session_id, "after": after, "limit": PAGE})
        return tuple(Event(*row) for row in rows)


async def _patiently(ask: Callable[[], Awaitable[_Result]]) -> _Result:
    """Ask until the database answers: a client is better held than sent away to where there is none either."""
    while True:
        try:
            return await ask()
        except AWAY:
            await asyncio.sleep(_AWAY_SECONDS)
