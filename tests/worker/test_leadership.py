"""Of two schedulers one leads; the other takes over when it is gone."""

import asyncio

import pytest
from sqlalchemy import text

from tracking_core.db import engine as db_engine
from tracking_core.db.engine import transaction
from tracking_core.settings import Settings
from tracking_core.worker import leadership
from tracking_core.worker.leadership import Leadership

pytestmark = pytest.mark.usefixtures("database")


async def fence() -> int:
    async with transaction() as session:
        return int((await session.execute(text("SELECT fence FROM leases WHERE name = 'test'"))).scalar_one())


async def is_over() -> None:
    """As if the leader had been silent for as long as its lease lasts."""
    async with transaction() as session:
        await session.execute(text("UPDATE leases SET until = clock_timestamp()"))


async def test_only_one_leads_however_often_they_ask() -> None:
    first, second = Leadership("test"), Leadership("test")
    taken = await asyncio.gather(*(one.take() for one in (first, second)))
    assert sorted(taken) == [False, True]
    leader = first if first.holds else second
    assert await leader.take()
    assert sorted(await asyncio.gather(first.take(), second.take())) == [False, True]
    assert await fence() == 1


async def test_a_silent_leader_is_followed_and_knows_it_when_it_is_back() -> None:
    first, second = Leadership("test"), Leadership("test")
    await first.take()
    await is_over()
    assert await second.take()
    assert not await first.take()
    assert not first.holds
    assert await fence() == 2


async def test_one_that_stops_is_followed_at_once() -> None:
    first, second = Leadership("test"), Leadership("test")
    await first.take()
    await first.give_up()
    assert await second.take()
    await first.give_up()  # no longer its own to give
    assert await second.take()


async def test_who_waits_to_lead_goes_on_when_they_do() -> None:
    first, second = Leadership("test"), Leadership("test")
    await first.take()
    waiting = asyncio.create_task(second.leads())
    await second.take()
    assert not waiting.done()
    await is_over()
    await second.take()
    await asyncio.wait_for(waiting, 5)


async def test_without_its_database_a_leader_stops_before_another_could_begin(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(leadership, "monotonic", lambda: now[0])
    first = Leadership("test", seconds=6)
    await first.take()
    await db_engine.dispose()
    gone = database.model_copy(update={"database_url": "postgresql+psycopg://hub:none@127.0.0.1:1/hub"})
    monkeypatch.setattr(db_engine, "get_settings", lambda: gone)
    now[0] += 2
    assert await first.take()  # not renewed, and not over yet
    now[0] += 5
    assert not await first.take()
