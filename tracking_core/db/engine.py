"""The process's engine and the one way to a transaction.

One request or one job is one transaction: ``transaction()`` commits at its end or rolls back; nothing below it
commits. Work that must follow a commit (doorbells) is registered with ``after_commit`` and dropped on rollback.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from tracking_core.settings import Settings, get_settings

_AFTER_COMMIT = "after_commit"
_engine: AsyncEngine | None = None


def create_engine(settings: Settings) -> AsyncEngine:
    """A pooled engine. Statement and lock timeouts keep one stuck query from holding a worker for ever."""
    return create_async_engine(
        settings.database_url,
        pool_size=settings.database_pool_size,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
        # An error's text goes to a log, and the values of a row are people's.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=30s -c lock_timeout=10s"},
    )


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
async def transaction() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine(), expire_on_commit=False) as session:
        try:
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
