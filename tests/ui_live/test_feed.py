"""The live feed: one read for all who follow, every row once and to whom it is for, and nothing left running."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import InterfaceError

from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.reporting import live_feed
from tracking_core.reporting.live import Happening, LiveRow
from tracking_core.reporting.live_feed import SHOWN, Feed
from tracking_core.reporting.scope import EVERYONE, Scope

NOW = datetime(2026, 11, 26, 13, tzinfo=UTC)
ANA, BETO = new_id(), new_id()
_TICK = 0.005


@dataclass
class World:
    """What the database holds, and how often it was asked by whom."""

    rows: list[LiveRow] = field(default_factory=list)
    asked: list[Scope] = field(default_factory=list)
    is_away: bool = False

    async def newest(self, _session: Any, scope: Scope, *, now: datetime, limit: int, after: datetime | None) -> Any:
        self.asked.append(scope)
        if self.is_away:
            raise InterfaceError("", {}, ConnectionError())
        since = after or now - timedelta(minutes=30)
        found = [one for one in self.rows if one.at > since and scope.tenant_id in (None, one.tenant_id)]
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    def happens(self, key: str, *, ago: float = 0, tenant: Any = ANA) -> None:
        known: dict[str, Any] = dict.fromkeys(("conversion_id", "sale_id", "gateway", "amount", "currency", "detail"))
        at = clock.now() - timedelta(seconds=ago)
        shop: dict[str, Any] = {"tenant_id": tenant, "tenant_name": "Loja", "explanation": None, **known}
        self.rows.append(LiveRow(kind=Happening.RECEIVED, key=key, at=at, **shop))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    @asynccontextmanager
    async def no_transaction() -> AsyncIterator[None]:
        yield None

    clock.set_source(lambda: NOW)
    monkeypatch.setattr(live_feed, "newest", made.newest)
    monkeypatch.setattr(live_feed, "transaction", no_transaction)
    return made


@dataclass
class Follower:
    keys: list[str] = field(default_factory=list)
    is_over: bool = False
    is_done: bool = False

    async def follow(self, feed: Feed, scope: Scope, after: datetime | None) -> None:
        batches = feed.follow(scope, after=after, is_over=lambda: self.is_over, allowed=_yes)
        async with aclosing(batches):
            async for batch in batches:
                self.keys += [row.key for row in batch.rows]
        self.is_done = True


async def _yes() -> bool:
    return True


@asynccontextmanager
async def following(feed: Feed, *scopes: Scope, after: datetime | None = None) -> AsyncIterator[list[Follower]]:
    followers = [Follower() for _ in scopes]
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for one, scope in zip(followers, scopes, strict=True):
            group.create_task(one.follow(feed, scope, after))
        yield followers
        for one in followers:
            one.is_over = True
    assert all(one.is_done for one in followers)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():  # noqa: ASYNC110 - nothing to be woken by
            await asyncio.sleep(_TICK)


async def test_all_who_follow_share_one_read_and_get_each_row_once_and_theirs_alone(world: World) -> None:
    feed = Feed(_TICK)
    world.happens("before")
    world.happens("of beto", tenant=BETO)
    async with following(feed, EVERYONE, EVERYONE, Scope(ANA)) as (one, other, ana):
        await until(lambda: all("before" in follower.keys for follower in (one, other, ana)))
        world.happens("now")
        world.happens("late", ago=8)  # made before what was told already, and visible after it
        await until(lambda: all({"now", "late"} <= set(follower.keys) for follower in (one, other, ana)))
        read = feed.reads
        await until(lambda: feed.reads > read + 5)
        shared = len(world.asked) - 3  # each asked once for itself, at the beginning
        assert abs(shared - feed.reads) <= 1
    for follower in (one, other):
        assert sorted(follower.keys) == ["before", "late", "now", "of beto"]
    assert sorted(ana.keys) == ["before", "late", "now"]
    asked = len(world.asked)
    await asyncio.sleep(10 * _TICK)
    assert len(world.asked) == asked  # nobody follows: nothing is read


async def test_who_comes_back_gets_what_came_meanwhile(world: World) -> None:
    for key, ago in (("long seen", 60), ("overlap", 32), ("missed", 20)):
        world.happens(key, ago=ago)
    async with following(Feed(_TICK), EVERYONE, after=NOW - timedelta(seconds=25)) as (one,):
        await until(lambda: bool(one.keys))
    assert one.keys == ["missed", "overlap"]


async def test_a_database_that_is_away_costs_time_and_no_row(world: World) -> None:
    feed = Feed(_TICK)
    async with following(feed, EVERYONE) as (one,):
        await until(lambda: feed.reads > 1)
        world.is_away, asked = True, len(world.asked)
        world.happens("meanwhile")
        await until(lambda: len(world.asked) > asked + 3)
        world.is_away = False
        await until(lambda: one.keys == ["meanwhile"])


async def test_a_flood_is_told_by_its_newest(world: World) -> None:
    feed = Feed(_TICK)
    async with following(feed, EVERYONE) as (one,):
        await until(lambda: feed.reads > 1)
        for number in range(SHOWN + 20):
            world.happens(f"{number:03}", ago=5 - number / 100)
        await until(lambda: len(one.keys) >= SHOWN)
        assert one.keys[0] == f"{SHOWN + 19:03}"
        assert len(one.keys) == SHOWN
