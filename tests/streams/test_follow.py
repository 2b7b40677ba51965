"""The stream itself, without HTTP: order, sharing, and a database that comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event

from tests.streams.conftest import Shop, backends, happen, happen_many, until
from tests.streams.replica import snapshot
from tracking_core.db.engine import engine, transaction
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType, append
from tracking_core.streams.follow import PAGE, Event, Limits, Standing, Streams, standing

_LISTENER = "hub streams"


@pytest.fixture
async def streams(database: Settings) -> AsyncIterator[Streams]:
    made = Streams(database.database_url, snapshot, Limits(poll_seconds=60))
    yield made
    await made.stop()


async def always() -> bool:
    return True


def followed(streams: Streams, shop: Shop, into: list[Event], *, after: int | None = 0) -> "asyncio.Task[None]":
    async def run() -> None:
        async with aclosing(streams.follow(shop.session_id, after=after, allowed=always)) as events:
            async for one in events:
                into.append(one)

    return asyncio.create_task(run())


async def test_the_snapshot_comes_first_and_only_what_came_after_it_follows(streams: Streams, shop: Shop) -> None:
    await happen_many(shop.session_id, 3)
    heard: list[Event] = []
    task = followed(streams, shop, heard, after=None)
    await until(lambda: len(heard) == 1)
    await happen(shop.session_id, EventType.END)
    await asyncio.wait_for(task, 10)
    assert [(one.seq, one.type) for one in heard] == [(3, "state"), (4, "end")]
    assert '"true_for":3' in heard[0].data


async def test_a_session_that_has_ended_is_a_snapshot_and_its_end(streams: Streams, shop: Shop) -> None:
    await happen_many(shop.session_id, 3, last=EventType.END)
    heard: list[Event] = []
    await asyncio.wait_for(followed(streams, shop, heard, after=None), 10)
    assert [(one.seq, one.type) for one in heard] == [(2, "state"), (3, "end")]


@pytest.mark.parametrize("count", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_a_replay_of_any_length_is_complete(streams: Streams, shop: Shop, count: int) -> None:
    await happen_many(shop.session_id, count + 2, last=EventType.END)
    heard: list[Event] = []
    await asyncio.wait_for(followed(streams, shop, heard, after=2), 10)
    assert [one.seq for one in heard] == list(range(3, count + 3))


async def test_an_event_whose_commit_is_late_is_not_overtaken(streams: Streams, shop: Shop) -> None:
    heard: list[Event] = []
    task = followed(streams, shop, heard)
    async with transaction() as session:
        await append(session, shop.session_id, EventType.STEP_STATUS, {"who": "slow"})
        quick = asyncio.create_task(happen(shop.session_id, EventType.END, who="quick"))
        await asyncio.sleep(0.3)
        assert not quick.done()
        assert heard == []
    await asyncio.wait_for(task, 10)
    assert [(one.seq, one.data) for one in heard] == [(1, '{"who": "slow"}'), (2, '{"who": "quick"}')]


async def test_readers_of_many_writers_miss_and_repeat_nothing(streams: Streams, shop: Shop) -> None:
    writers, each = 8, 25
    heard: list[list[Event]] = [[] for _ in range(5)]
    tasks = [followed(streams, shop, into) for into in heard]

    async def write() -> None:
        for _ in range(each):
            await happen(shop.session_id)

    await asyncio.gather(*[write() for _ in range(writers)])
    last = await happen(shop.session_id, EventType.END)
    await asyncio.wait_for(asyncio.gather(*tasks), 20)
    assert last == writers * each + 1
    assert [[one.seq for one in into] for into in heard] == [list(range(1, last + 1))] * len(heard)


async def test_those_who_stand_at_the_same_number_share_one_read(streams: Streams, shop: Shop) -> None:
    heard: list[list[Event]] = [[] for _ in range(40)]
    tasks = [followed(streams, shop, into) for into in heard]
    await happen(shop.session_id)
    await until(lambda: all(heard))
    reads: list[str] = []
    event.listen(engine().sync_engine, "before_cursor_execute", lambda *args: reads.append(args[2]))
    await happen(shop.session_id, EventType.END)
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert len([statement for statement in reads if "LIMIT" in statement]) <= 2


async def test_one_that_is_cut_takes_nothing_from_the_others(streams: Streams, shop: Shop) -> None:
    heard: list[list[Event]] = [[] for _ in range(10)]
    tasks = [followed(streams, shop, into) for into in heard]
    await happen(shop.session_id)
    await until(lambda: all(heard))
    ending = asyncio.create_task(happen(shop.session_id, EventType.END))
    for task in tasks[:5]:
        task.cancel()
    await ending
    await asyncio.wait_for(asyncio.gather(*tasks[5:]), 10)
    assert [[one.seq for one in into] for into in heard[5:]] == [[1, 2]] * 5


async def test_a_bell_that_was_lost_costs_seconds_and_no_event(database: Settings, shop: Shop, dsn: str) -> None:
    streams, heard = Streams(database.database_url, snapshot, Limits(poll_seconds=0.2)), list[Event]()
    task = followed(streams, shop, heard)
    await happen(shop.session_id)
    await until(lambda: len(heard) == 1)
    with psycopg.connect(dsn, autocommit=True) as silent:
        silent.execute("UPDATE setup_sessions SET event_seq = 2 WHERE id = %s", (shop.session_id,))
        silent.execute(
            "INSERT INTO session_events (session_id, seq, type, data) VALUES (%s, 2, 'end', '{}')", (shop.session_id,)
        )
    await asyncio.wait_for(task, 10)
    assert [one.seq for one in heard] == [1, 2]
    await streams.stop()


async def test_a_killed_listening_connection_is_replaced_and_what_it_missed_is_heard(
    streams: Streams, shop: Shop, dsn: str
) -> None:
    heard: list[Event] = []
    task = followed(streams, shop, heard)
    await happen(shop.session_id)
    await until(lambda: len(heard) == 1)
    [first] = backends(dsn, _LISTENER)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (first,))
    await happen(shop.session_id, during="the gap")
    await until(lambda: len(heard) == 2)
    await until(lambda: backends(dsn, _LISTENER) not in ([], [first]))
    await happen(shop.session_id, EventType.END)
    await asyncio.wait_for(task, 10)
    assert [one.seq for one in heard] == [1, 2, 3]


async def test_a_database_that_is_away_for_a_while_ends_no_stream(
    streams: Streams, shop: Shop, dsn: str, servers: tuple[Any, Any]
) -> None:
    heard: list[Event] = []
    task = followed(streams, shop, heard)
    await happen(shop.session_id)
    await until(lambda: len(heard) == 1)
    name = sql.Identifier(dsn.rsplit("/", 1)[1])
    with psycopg.connect(dsn.rsplit("/", 1)[0] + "/postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name._obj[0],))
        await asyncio.sleep(1)
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    await happen(shop.session_id, EventType.END)
    await asyncio.wait_for(task, 15)
    assert [one.seq for one in heard] == [1, 2]


async def test_stopping_ends_the_streams_and_closes_the_connection(streams: Streams, shop: Shop, dsn: str) -> None:
    heard: list[Event] = []
    task = followed(streams, shop, heard)
    await happen(shop.session_id)
    await until(lambda: len(heard) == 1)
    await streams.stop()
    await asyncio.wait_for(task, 10)
    await until(lambda: backends(dsn, _LISTENER) == [])


@pytest.mark.parametrize(
    ("said", "after"),
    [("0", None), ("3", None), ("4", 4), ("7", 7), ("9", 9), ("10", None), ("9" * 30, None)]
    + [(said, None) for said in ("-1", "", " 7", "7.0", "+7", "0x7", "٧", "seven", "7\n")]
    + [(None, None)],
)
def test_only_a_number_that_was_given_and_is_still_kept_is_resumed_after(said: str | None, after: int | None) -> None:
    assert Standing(new_id(), first=5, last=9, ended=False).resume_after(said) == after


async def test_the_standing_of_a_session(shop: Shop) -> None:
    async def now() -> Standing | None:
        async with transaction() as session:
            return await standing(session, shop.session_id)

    assert await now() == Standing(shop.tenant_id, None, 0, ended=False)
    await happen_many(shop.session_id, 2)
    assert await now() == Standing(shop.tenant_id, 1, 2, ended=False)
    await happen(shop.session_id, EventType.END)
    assert await now() == Standing(shop.tenant_id, 1, 3, ended=True)
    async with transaction() as session:
        assert await standing(session, new_id()) is None
