"""Where graphs keep their checkpoints: LangGraph's own tables, in a schema of their own beside ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

SCHEMA = "agent"
# One migration at a time: the saver's own would collide.
_LOCK = 7_302_119
_CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": 0,
    "row_factory": dict_row,
    "options": f"-c search_path={SCHEMA} -c statement_timeout=30s -c lock_timeout=10s",
    "connect_timeout": 5,
}


async def migrate(database_url: str) -> None:
    """Make or update the tables; repeating it is harmless."""
    async with await psycopg.AsyncConnection.connect(_dsn(database_url), **_CONNECTION) as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        await AsyncPostgresSaver(connection).setup()


@asynccontextmanager
async def checkpointer(database_url: str, *, connections: int) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver over a pool of its own."""
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        _dsn(database_url),
        min_size=1,
        max_size=connections,
        open=False,
        kwargs=_CONNECTION,
        check=AsyncConnectionPool.check_connection,
        timeout=10,
    )
    async with pool:
        yield AsyncPostgresSaver(pool)


def _dsn(database_url: str) -> str:
    return database_url.replace("+psycopg", "", 1)
