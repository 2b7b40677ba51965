"""The process's engine and the one way to a transaction.

One request or one job is one transaction: ``transaction()`` commits at its end or rolls back; nothing below it
commits. Work that must follow a commit (doorbells) is registered with ``after_commit`` and dropped on rollback.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from tracking_core.settings import Settings, get_settings

# The database did not answer, or its connection was lost in the middle: nothing is wrong with what was asked.
AWAY = (OperationalError, InterfaceError, PendingRollbackError, PoolTimeout)
_AFTER_COMMIT, _IDLE_SINCE = "after_commit", "idle_since"
_FRESH_SECONDS = 0.1
_DIRECT = {"connect_timeout": 5, "options": "-c statement_timeout=30s -c lock_timeout=10s"}
# A prepared statement belongs to a server's session, and a transaction pooler lends those out for one transaction.
_POOLED: dict[str, Any] = {"connect_timeout": 5, "prepare_threshold": None}
_LIMITS = "SELECT set_config('statement_timeout', '30s', true), set_config('lock_timeout', '10s', true)"
_UNFLUSHED = text("SET LOCAL synchronous_commit = off")
_engine: AsyncEngine | None = None


def create_engine(settings: Settings) -> AsyncEngine:
    """A pooled engine. Statement and lock timeouts keep one stuck query from holding a worker for ever."""
    made = create_async_engine(
        settings.database_url,
        pool_size=settings.database_pool_size,
        max_overflow=4,
        pool_timeout=10,
        # An error's text goes to a log, and the values of a row are people's.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
        connect_args=_POOLED if settings.database_direct_url else _DIRECT,
    )
    if settings.database_direct_url:
        _limit_each_transaction(made)
    _ping_the_idle(made)
    return made


def _limit_each_transaction(made: AsyncEngine) -> None:
    """Behind a pooler a session's settings would be the next client's: a transaction has its own."""

    @event.listens_for(made.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(_LIMITS)


def _ping_the_idle(made: AsyncEngine) -> None:
    """Ask a connection whether it lives before it is used, but not one that was used a moment ago: at full load that
    would double the round trips (``pool_pre_ping`` asks always)."""
    dialect = made.dialect

    @event.listens_for(made.sync_engine, "checkin")
    def _checked_in(_connection: Any, record: Any) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(made.sync_engine, "checkout")
    def _checked_out(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_IDLE_SINCE, time.monotonic()) < _FRESH_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def engine() -> AsyncEngine:
    global _engine
    if _engine is None:
        _engine = create_engine(get_settings())
    return _engine


async def dispose() -> None:
    """Close the pool; the next use opens a new one."""
    global _engine
    if _engine is not None:
        await _engine.dispose()
        _engine = None


@asynccontextmanager
async def transaction(*, flush: bool = True) -> AsyncIterator[AsyncSession]:
    """``flush`` False returns before the commit is on disk: only for work that nobody outside was told of and that
    is simply done again if the server crashes. The next flushed commit, of whoever, covers it."""
    async with AsyncSession(engine(), expire_on_commit=False) as session:
        try:
            if not flush:
                await session.execute(_UNFLUSHED)
            yield session
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
    for callback in session.info.get(_AFTER_COMMIT, ()):
        callback()


def after_commit(session: AsyncSession, callback: Callable[[], None]) -> None:
    """Run ``callback`` once the session's transaction is durable. It must not block and must not raise."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)
