"""Run one coroutine for a command, in one transaction, and close the pool after it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import dispose, transaction
from tracking_core.errors import ConfigurationError
from tracking_core.settings import get_settings

Result = TypeVar("Result")


def in_transaction(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """The result of ``work``; raises ConfigurationError when there is no database to work with."""
    required_database()
    return asyncio.run(_run(work))


def required_database() -> None:
    if not get_settings().database_url:
        raise ConfigurationError(problem="No database: start the hub with `make run`, or set HUB_DATABASE_URL.")


async def _run(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    try:
        async with transaction() as session:
            return await work(session)
    finally:
        await dispose()
