"""Woken by PostgreSQL: one LISTEN connection for the whole process, however many streams wait on it.

A notification is only a bell; what is new is read from the table. The connection mends itself, and every few seconds it
asks for the numbers of the watched sessions, so that a bell that was lost costs seconds and never an event.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import anyio
import psycopg
import structlog

from tracking_core.streams.append import CHANNEL

POLL_SECONDS = 5.0
_BACKOFF_FIRST, _BACKOFF_MAX = 0.1, 5.0
# A peer that vanished without a word is noticed by the kernel, within half a minute.
_CONNECT: dict[str, Any] = {
    "application_name": "hub streams",
    "connect_timeout": 5,
    "options": "-c statement_timeout=5s",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_NUMBERS = "SELECT CAST(id AS text), event_seq FROM setup_sessions WHERE id = ANY(CAST(%s AS uuid[]))"

log = structlog.get_logger()


class Topic:
    """One watched session. ``version`` grows with every bell: read it first, then the table, then wait for a newer."""

    def __init__(self) -> None:
        self.version = 0
        self.polled: int | None = None
        self.watchers = 0
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self.version += 1
        self._bell.set()
        self._bell = asyncio.Event()

    async def newer(self, seen: int, seconds: float) -> None:
        """Return once the version is another than ``seen``, or after ``seconds``."""
        if self.version == seen:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._bell.wait()


class Listener:
    """Bound to one event loop; its task starts with the first watch. ``closing`` ends every stream when it is set."""

    def __init__(self, database_url: str, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._dsn, self._poll_seconds = database_url.replace("+psycopg", ""), poll_seconds
        self._topics: dict[str, Topic] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.closing = anyio.Event()

    @contextmanager
    def watch(self, session_id: UUID) -> Iterator[Topic]:
        """The session's topic, which rings for as long as the block lasts."""
        if not self._tasks and not self.closing.is_set():
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._close_when_told())]
        topic = self._topics.setdefault(str(session_id), Topic())
        topic.watchers += 1
        try:
            yield topic
        finally:
            topic.watchers -= 1
            if not topic.watchers:
                del self._topics[str(session_id)]

    async def stop(self) -> None:
        """End the streams and close the connection."""
        self.closing.set()
        self._ring_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close_when_told(self) -> None:
        await self.closing.wait()
        self._ring_all()

    def _ring_all(self) -> None:
        for topic in self._topics.values():
            topic.ring()

    async def _listen(self) -> None:
        """Until closing: connect, listen, and after a failure wait a growing moment and connect again."""
        backoff = _BACKOFF_FIRST
        while not self.closing.is_set():
            try:
                async with await self._connected() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    backoff = _BACKOFF_FIRST
                    await self._follow(connection)
            except Exception as error:  # whatever it was, a process that no longer listens is worse
                log.warning("listener_lost", error=type(error).__name__)
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - spreads reconnects
            backoff = min(backoff * 2, _BACKOFF_MAX)

    async def _connected(self) -> "psycopg.AsyncConnection[Any]":
        """Never cut halfway: a server keeps a half-made connection until its time to authenticate is over, a minute."""
        connecting = asyncio.create_task(psycopg.AsyncConnection.connect(self._dsn, autocommit=True, **_CONNECT))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            with suppress(psycopg.Error, OSError):
                await (await connecting).close()
            raise

    async def _follow(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Until it breaks: what was missed so far, then a few seconds of bells, and again."""
        while not self.closing.is_set():
            await self._poll(connection)
            async for notify in connection.notifies(timeout=self._poll_seconds):
                if topic := self._topics.get(notify.payload):
                    topic.ring()

    async def _poll(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        if not self._topics:
            return
        for session_id, last in await (await connection.execute(_NUMBERS, [list(self._topics)])).fetchall():
            topic = self._topics.get(session_id)
            if topic is not None and topic.polled != last:
                topic.polled = last
                topic.ring()
