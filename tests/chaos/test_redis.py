"""Redis only wakes workers: emptied, frozen, stopped or restarted, it costs nobody an answer and no sale its way."""

import os
import signal
import time

import pytest
from redis import Redis

from evals.stack import wait_for
from tests.chaos.shop import Shop
from tests.chaos.stack import Background, Stack

pytestmark = pytest.mark.timeout(180)


class Load:
    """Clicks and sales, with every status answered; a connection that breaks fails the test."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.clicks: list[str] = []
        self.sales: list[str] = []
        self.statuses: set[int] = set()

    def click(self, _number: int) -> None:
        event_id, answer = self._shop.click()
        self.statuses.add(answer.status_code)
        self.clicks.append(event_id)
        time.sleep(0.01)

    def sell(self, number: int) -> None:
        self.statuses.add(self._shop.sell(f"HPLOAD{number}").status_code)
        self.sales.append(f"HPLOAD{number}")
        time.sleep(0.01)

    def await_more(self, sales: int = 15) -> None:
        target = len(self.sales) + sales
        wait_for(lambda: len(self.sales) >= target)


def test_redis_emptied_frozen_stopped_and_restarted_under_load_loses_nothing(stack: Stack, shop: Shop) -> None:
    load = Load(shop)
    with Background(load.click, threads=2), Background(load.sell):
        _flush_all_the_time(stack, load)
        _freeze(stack, load)
        stack.redis.stop()
        load.await_more()
        stack.redis.start()
        load.await_more()
    assert load.statuses == {200, 202}
    assert set(shop.stored_clicks()) == set(load.clicks)
    shop.await_totals(delivered=len(load.sales))
    shop.assert_each_received_once(len(load.sales))


def _flush_all_the_time(stack: Stack, load: Load) -> None:
    target = len(load.sales) + 50
    with Redis.from_url(stack.redis.url) as redis:

        def flush(_number: int) -> None:
            redis.flushall()
            time.sleep(0.005)

        with Background(flush):
            wait_for(lambda: len(load.sales) >= target)


def _freeze(stack: Stack, load: Load) -> None:
    """It accepts connections and says nothing: worse than being away."""
    assert stack.redis.pid
    os.kill(stack.redis.pid, signal.SIGSTOP)
    try:
        load.await_more()
    finally:
        os.kill(stack.redis.pid, signal.SIGCONT)


def test_sales_taken_while_redis_is_stopped_are_delivered_once_it_is_back(stack: Stack, shop: Shop) -> None:
    stack.redis.stop()
    for number in range(5):
        assert shop.sell(f"HPREDIS{number}").status_code == 200
    stack.redis.start()
    shop.await_totals(delivered=5)
    shop.assert_each_received_once(5)


def test_sales_reach_meta_while_redis_is_away(stack: Stack, shop: Shop) -> None:
    stack.redis.stop()
    for number in range(5):
        assert shop.sell(f"HPAWAY{number}").status_code == 200
    shop.await_totals(delivered=5)
    shop.assert_each_received_once(5)
    stack.redis.start()
