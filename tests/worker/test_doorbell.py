"""Doorbells on a real Redis, and what is due found in the rows themselves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.pipeline.conftest import Shop
from tracking_core.kit import clock
from tracking_core.settings import Settings
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.main import Worker
from tracking_core.worker.sweeper import sweep


@pytest.fixture
async def doorbell(settings: Settings) -> AsyncIterator[Doorbell]:
    redis = Redis.from_url(settings.redis_url)
    await redis.flushdb()
    await redis.aclose()
    made = Doorbell(settings)
    yield made
    await made.close()


async def test_a_bell_rung_often_is_answered_once_and_in_the_order_of_ringing(doorbell: Doorbell) -> None:
    for _ in range(3):
        doorbell.ring(Bell.PROCESS_SALES)
    await asyncio.sleep(0.05)
    doorbell.ring(Bell.DELIVER, "connection")
    doorbell.ring(Bell.PROCESS_SALES)
    await asyncio.sleep(0.05)
    assert await doorbell.answer() == (Bell.PROCESS_SALES, "")
    assert await doorbell.answer() == (Bell.DELIVER, "connection")
    assert await doorbell.answer() is None


async def test_exactly_one_of_several_workers_answers(doorbell: Doorbell, settings: Settings) -> None:
    others = [Doorbell(settings) for _ in range(3)]
    waiting = [asyncio.create_task(one.answer()) for one in others]
    await asyncio.sleep(0.05)
    doorbell.ring(Bell.PROCESS_SALES)
    answers = await asyncio.gather(*waiting)
    assert sorted(answer is not None for answer in answers) == [False, False, True]
    for one in others:
        await one.close()


async def test_the_bell_of_a_newer_version_is_passed_over(doorbell: Doorbell, settings: Settings) -> None:
    redis = Redis.from_url(settings.redis_url)
    await redis.zadd("hub:bells", {"made_in_the_next_version:key": 1.0})
    await redis.aclose()
    doorbell.ring(Bell.PROCESS_SALES)
    await asyncio.sleep(0.05)
    assert [await doorbell.answer(), await doorbell.answer()] == [None, (Bell.PROCESS_SALES, "")]


async def test_without_redis_ringing_costs_nothing_and_answering_says_so(settings: Settings) -> None:
    alone = Doorbell(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"}))
    alone.ring(Bell.PROCESS_SALES)
    await asyncio.sleep(0.05)
    with pytest.raises((RedisError, OSError)):
        await alone.answer()
    await alone.close()


async def rung(shop: Shop) -> list[tuple[Bell, str]]:
    bells: list[tuple[Bell, str]] = []
    await sweep(lambda bell, key: bells.append((bell, key)))
    return bells


async def test_the_sweeper_rings_for_webhooks_for_late_clicks_and_for_deliveries_that_are_due(shop: Shop) -> None:
    assert await rung(shop) == []
    await shop.webhook("HPSWEEP", click_id="hUNSEENclick0000000001")
    assert await rung(shop) == [(Bell.PROCESS_SALES, "")]
    await shop.process()
    assert await rung(shop) == []  # the sale waits a little for its click
    later = clock.now() + timedelta(minutes=1)
    clock.set_source(lambda: later)
    assert await rung(shop) == [(Bell.REMATCH, ""), (Bell.DELIVER, str(shop.connection_id))]


async def test_a_worker_without_redis_finds_the_work_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = shop.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1", "sweep_interval_ms": 10})
    worker = Worker(alone)
    monkeypatch.setattr(worker, "_meta", shop.meta)
    monkeypatch.setattr(shop.meta, "aclose", lambda: asyncio.sleep(0), raising=False)
    listening = asyncio.create_task(worker.listen())
    await shop.webhook("HPALONE")
    async with asyncio.timeout(10):
        while not shop.meta.accepted:  # noqa: ASYNC110 - another loop's work, watched from outside
            await asyncio.sleep(0.02)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await worker.close()
    assert len(shop.meta.accepted) == 1
