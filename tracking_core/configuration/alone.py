"""One external effect at a time for a tenant, and a few at once in a process."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext

# Longer than all the calls of one action take together; a statement's usual limit is shorter.
WAIT_SECONDS = 120.0
AT_ONCE = 4
_PATIENCE = text("SELECT set_config('lock_timeout', :patience, false)")
_ALONE = text("SELECT pg_advisory_lock(hashtextextended(:key, 0))")
# A peer that vanished without a word lets go of the lock as soon as its kernel notices.
_CONNECT = {"connect_timeout": 5, "options": "-c statement_timeout=0", "keepalives_idle": 10}
_turns: WeakKeyDictionary[AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_queues: WeakKeyDictionary[AbstractEventLoop, WeakValueDictionary[UUID, asyncio.Lock]] = WeakKeyDictionary()


@asynccontextmanager
async def alone(ctx: ApplyContext) -> AsyncIterator[None]:
    """Across processes the second waits for the first, then finds what it did: so does another session of the tenant,
    whose webhooks have the same addresses. The lock is a connection's own, so a killed process lets go of it. Not one
    of the pool's: it is held while the gateway is called, and what the effect itself writes needs the pool. Nobody
    waits for it within a transaction. Raises ActionFailed when the wait is too long."""
    async with _first_here(ctx.tenant_id), _turn(), _engine(ctx.settings.session_database_url).connect() as connection:
        await _lock(connection, f"configuration:{ctx.tenant_id}")
        yield


@asynccontextmanager
async def _first_here(tenant_id: UUID) -> AsyncIterator[None]:
    """One of the tenant's waits for the lock; the others of this process take up no turn meanwhile."""
    queue = _queues.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    lock = queue.setdefault(tenant_id, asyncio.Lock())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await lock.acquire()
    except TimeoutError:
        raise _busy() from None
    try:
        yield
    finally:
        lock.release()


async def _lock(connection: AsyncConnection, key: str) -> None:
    try:
        await connection.execute(_PATIENCE, {"patience": f"{round(WAIT_SECONDS * 1000)}ms"})
        await connection.execute(_ALONE, {"key": key})
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable | QueryCanceled):
            raise
        raise _busy() from None


def _busy() -> ActionFailed:
    return ActionFailed(ConfigCode.BUSY, "another worker is at it", is_provider_fault=True)


def _turn() -> asyncio.Semaphore:
    """Each has a connection; a semaphore is of the loop that first waits for it."""
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns[loop] = asyncio.Semaphore(AT_ONCE)
    return _turns[loop]


@lru_cache(maxsize=1)
def _engine(url: str) -> AsyncEngine:
    """Keeps no connection: each is closed where it was opened, and its lock with it."""
    return create_async_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=_CONNECT
    )
