"""Counts over a whole ledger: what the database has not counted in time is left out, and the rest is shown."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

SECONDS = 3.0
UNCOUNTED = "Counting them took too long, so their numbers are left out."
_T = TypeVar("_T")


async def in_time(session: AsyncSession, counted: Callable[[], Awaitable[_T]]) -> _T | None:
    """What was counted, or None when it took longer than ``SECONDS``. It only reads: its savepoint is rolled back
    either way, and the limit with it."""
    try:
        async with session.begin_nested() as savepoint:
            await session.execute(text(f"SET LOCAL statement_timeout = {round(SECONDS * 1000)}"))
            found = await counted()
            await savepoint.rollback()
            return found
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        return None
