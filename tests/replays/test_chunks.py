"""Very many letters: chunk by chunk, and finished by the sweeper wherever a worker died."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.pipeline.conftest import Shop
from tests.replays.letters import ask, bury, counted, finish, how_far, rows, states
from tracking_core.db.engine import transaction
from tracking_core.delivery import replay as replaying
from tracking_core.delivery.replay import Replayed, ReplayFilter, drain_replay, due_replays, replay
from tracking_core.kit import clock
from tracking_core.models import Delivery, Replay
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.main import Worker
from tracking_core.worker.sweeper import sweep


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "AT_ONCE", 4)
    monkeypatch.setattr(replaying, "CHUNK", 3)


async def due() -> list[UUID]:
    async with transaction() as session:
        return await due_replays(session)


async def rung() -> list[tuple[Bell, str]]:
    bells: list[tuple[Bell, str]] = []
    await sweep(lambda bell, key: bells.append((bell, key)))
    return [one for one in bells if one[0] is Bell.REPLAY]


async def stored(done: Replayed) -> Replay:
    async with transaction() as session:
        return await session.get_one(Replay, done.replay_id)


async def test_the_request_revives_the_first_and_the_rest_follows_in_chunks_that_add_up(shop: Shop) -> None:
    await bury(shop, 11)
    done = await ask(shop)
    assert (done.found, done.replayed, done.is_finished) == (11, 4, False)
    assert await states(shop) == {"waiting": 4, "dead": 7}
    assert await finish(done.replay_id) == 3
    row = await stored(done)
    assert (row.found, row.replayed, row.too_late, row.undone) == (11, 11, 0, 0)
    assert row.finished_at is not None
    assert await finish(done.replay_id) == 0


async def test_a_worker_killed_after_a_chunk_loses_nothing_and_the_sweeper_has_it_finished(shop: Shop) -> None:
    await bury(shop, 11)
    done = await ask(shop)

    async def killed() -> None:
        async for _ in drain_replay(done.replay_id):
            raise SystemError

    with pytest.raises(SystemError):
        await killed()
    assert await states(shop) == {"waiting": 7, "dead": 4}
    assert await rung() == [(Bell.REPLAY, str(done.replay_id))]
    await shop.deliver()
    await finish(done.replay_id)
    await shop.deliver()
    assert counted(await how_far(done)) == {"delivered": 11}
    assert sum(len(ids) for ids in shop.meta.requests) == 11
    assert await rung() == []


async def test_a_chunk_that_fails_did_not_happen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await bury(shop, 6)
    done = await ask(shop)
    with monkeypatch.context() as patched:
        patched.setattr(replaying, "_LATE", "SELECT 1 / 0")
        with pytest.raises(Exception, match="division by zero"):
            await finish(done.replay_id)
    assert await states(shop) == {"waiting": 4, "dead": 2}
    assert (await stored(done)).replayed == 4
    await finish(done.replay_id)
    assert (await stored(done)).replayed == 6


async def test_whoever_finds_another_at_it_leaves_it_to_them(shop: Shop) -> None:
    await bury(shop, 9)
    done = await ask(shop)
    async with transaction() as session:
        await session.get_one(Replay, done.replay_id, with_for_update=True)
        assert await finish(done.replay_id) == 0
    chunks = await asyncio.gather(*(finish(done.replay_id) for _ in range(3)))
    await finish(done.replay_id)
    assert sum(chunks) >= 1
    assert (await stored(done)).replayed == 9


async def test_what_dies_again_meanwhile_is_not_taken_again_by_the_same_replay(shop: Shop) -> None:
    await bury(shop, 8)
    done = await ask(shop)
    await rows("UPDATE deliveries SET state = 'dead', reason = 'unknown:1' WHERE state = 'waiting' RETURNING 1")
    await finish(done.replay_id)
    row = await stored(done)
    assert (row.found, row.replayed) == (8, 8)
    assert counted(await how_far(done)) == {"dead": 4, "waiting": 4}


async def test_two_large_replays_at_once_share_the_letters(shop: Shop) -> None:
    await bury(shop, 20)
    first, second = await ask(shop), await ask(shop)
    await asyncio.gather(finish(first.replay_id), finish(second.replay_id))
    [one, other] = [await stored(done) for done in (first, second)]
    assert one.replayed + other.replayed == 20
    assert (one.found, other.found) == (one.replayed, other.replayed)
    assert await due() == []


@pytest.fixture
async def worker(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    redis = Redis.from_url(shop.settings.redis_url)
    await redis.flushdb()
    await redis.aclose()
    made = Worker(shop.settings)
    monkeypatch.setattr(made, "_meta", shop.meta)
    monkeypatch.setattr(shop.meta, "aclose", lambda: asyncio.sleep(0), raising=False)
    yield made
    await made.close()


async def test_a_worker_that_is_woken_finishes_it_and_sends_the_letters(shop: Shop, worker: Worker) -> None:
    await bury(shop, 11)
    done = await ask(shop)
    await sweep(worker.wake)
    async with asyncio.timeout(10):
        while counted(await how_far(done)) != {"delivered": 11}:  # noqa: ASYNC110 - another task's work, watched
            await asyncio.sleep(0.02)
    assert len(shop.meta.accepted) == 11


async def test_letters_that_are_locked_too_long_fail_the_request_whole_and_it_can_be_asked_again(shop: Shop) -> None:
    first = min(await bury(shop, 6))  # of one moment: they are taken by their ids
    async with transaction() as holding:
        await holding.get_one(Delivery, first, with_for_update=True)
        with pytest.raises(OperationalError):
            await ask_impatiently(shop)
    assert await rows("SELECT 1 AS one FROM replays") == []
    assert await states(shop) == {"dead": 6}
    done = await ask(shop)
    await finish(done.replay_id)
    assert await states(shop) == {"waiting": 6}


async def ask_impatiently(shop: Shop) -> None:
    async with transaction() as session:
        await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
