"""Behind a transaction pooler: no session state, no prepared statement, and a statement has its limits all the same."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tracking_core.db.engine import transaction
from tracking_core.settings import Settings
from tracking_core.worker.leadership import Leadership

pytestmark = pytest.mark.usefixtures("behind_pooler")


async def test_the_same_statement_again_and_again_over_shared_connections() -> None:
    async def ask(number: int) -> int:
        async with transaction() as session:
            return int((await session.execute(text("SELECT CAST(:n AS int) + 1"), {"n": number})).scalar_one())

    for _ in range(12):  # past the count from which a driver prepares
        assert await asyncio.gather(*(ask(number) for number in range(8))) == list(range(1, 9))


async def test_a_statement_has_its_limit_and_leaves_none_behind(behind_pooler: Settings) -> None:
    shown = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
    async with transaction() as session:
        assert tuple((await session.execute(text(shown))).one()) == ("30s", "10s")
        await session.execute(text("SELECT set_config('statement_timeout', '50ms', true)"))
        with pytest.raises(OperationalError, match="statement timeout"):
            await session.execute(text("SELECT pg_sleep(5)"))
    async with transaction() as session:
        assert (await session.execute(text(shown))).one()[0] == "30s"


async def test_a_scheduler_leads_through_it() -> None:
    first, second = Leadership("test"), Leadership("test")
    assert await first.take()
    assert not await second.take()
    await first.give_up()
    assert await second.take()
