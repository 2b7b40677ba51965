"""The pool: what a restarted database leaves behind is noticed before it is used."""

import asyncio

import psycopg
from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.settings import Settings


async def backend() -> int:
    async with transaction() as session:
        pid: int = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        return pid


async def test_a_connection_is_reused_and_one_that_died_while_idle_is_replaced(database: Settings) -> None:
    first = await backend()
    assert await backend() == first
    with psycopg.connect(database.database_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (first,))
    await asyncio.sleep(0.2)
    assert await backend() != first
