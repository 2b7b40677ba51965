"""Faults on real processes: nothing acknowledged is lost, and Meta hears of each sale effectively once."""

import socket
import threading
from uuid import uuid4

import httpx
import pytest
from redis import Redis

from evals.stack import wait_for
from tests.chaos.conftest import Shop, Stack

pytestmark = pytest.mark.timeout(180)


def click_until(shop: Shop, stopping: threading.Event, acknowledged: list[str]) -> None:
    """Send clicks, at most 2,000, and note the ones that were answered with 202."""
    for _ in range(2_000):
        if stopping.is_set():
            return
        body = {"url": "https://loja.example/", "event_id": str(uuid4()), "key": shop.write_key}
        try:
            if shop.stack.http.post("/track/click", json=body).status_code == 202:
                acknowledged.append(body["event_id"])
        except httpx.HTTPError:
            stopping.wait(0.05)


def stored_clicks(shop: Shop) -> list[str]:
    rows = shop.stack.rows("SELECT event_id FROM tracking_events WHERE tenant_id = %s", shop.id)
    return [event_id for (event_id,) in rows]


@pytest.mark.parametrize("victim", ["api", "postgres"])
def test_a_click_that_was_acknowledged_survives_kill_9(stack: Stack, shop: Shop, victim: str) -> None:
    stopping, acknowledged = threading.Event(), list[str]()
    sender = threading.Thread(target=click_until, args=(shop, stopping, acknowledged))
    sender.start()
    wait_for(lambda: len(acknowledged) > 50)
    if victim == "api":
        stack.restart(stack.api)
    else:
        stack.postgres.kill()
        stack.postgres.start()
    before = len(acknowledged)
    wait_for(lambda: len(acknowledged) > before + 20)
    stopping.set()
    sender.join()
    stored = stored_clicks(shop)
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))


def test_a_worker_killed_in_mid_send_leads_to_a_resend_under_the_same_id_and_a_complete_trail(
    stack: Stack, shop: Shop
) -> None:
    stack.fault("timeout_after_accept", {"seconds": 20}, dataset_id=shop.datasets[0])
    assert shop.sell("HPKILL1").status_code == 200
    wait_for(lambda: sum(stack.received().get(one, 0) for one in shop.event_ids()) == 1)
    stack.restart(stack.worker)
    shop.await_totals(delivered=1)
    [event_id] = shop.event_ids()
    assert stack.received()[event_id] == 2
    trail = stack.rows(
        "SELECT outcome, ambiguous FROM dispatch_attempts a JOIN deliveries d ON d.id = a.delivery_id"
        " WHERE d.event_id = %s ORDER BY started_at",
        event_id,
    )
    assert trail == [("worker_lost", True), ("accepted", False)]


def test_sales_taken_while_redis_is_stopped_are_delivered_once_it_is_back(stack: Stack, shop: Shop) -> None:
    stack.redis.stop()
    for number in range(5):
        assert shop.sell(f"HPREDIS{number}").status_code == 200
    stack.redis.start()
    shop.await_totals(delivered=5)
    shop.assert_each_received_once(5)


def test_postgres_killed_under_load_of_sales_loses_none_that_was_accepted(stack: Stack, shop: Shop) -> None:
    accepted = 0
    for number in range(40):
        if number == 15:
            stack.postgres.kill()
            stack.postgres.start()
        for _ in range(50):
            try:
                answer = shop.sell(f"HPPG{number}")
            except httpx.HTTPError:
                continue
            if answer.status_code == 200:
                accepted += 1
                break
            assert answer.json()["code"] == "service_unavailable"
    assert accepted == 40
    shop.await_totals(delivered=40)
    received = stack.received()
    assert {received[one] for one in shop.event_ids()} <= {1, 2}  # 2 only where the answer could not be written down
    resent = [one for one in shop.event_ids() if received[one] == 2]
    for event_id in resent:
        query = (
            "SELECT count(*) FROM dispatch_attempts a JOIN deliveries d ON d.id = a.delivery_id"
            " WHERE d.event_id = %s AND a.ambiguous"
        )
        assert stack.rows(query, event_id) == [(1,)]


def test_redis_flushed_stopped_and_restarted_under_load_loses_nothing(stack: Stack, shop: Shop) -> None:
    stopping, acknowledged = threading.Event(), list[str]()
    sender = threading.Thread(target=click_until, args=(shop, stopping, acknowledged))
    sender.start()
    redis = Redis.from_url(stack.environment["HUB_REDIS_URL"])
    for number in range(60):
        if number < 20:
            redis.flushall()
        elif number == 20:
            redis.close()
            stack.redis.stop()
        elif number == 40:
            stack.redis.start()
        assert shop.sell(f"HPFLUSH{number}").status_code == 200
    stopping.set()
    sender.join()
    shop.await_totals(delivered=60)
    shop.assert_each_received_once(60)
    assert set(acknowledged) <= set(stored_clicks(shop))


def test_sales_reach_meta_while_redis_is_away(stack: Stack, shop: Shop) -> None:
    stack.redis.stop()
    try:
        for number in range(5):
            assert shop.sell(f"HPAWAY{number}").status_code == 200
        shop.await_totals(delivered=5)
    finally:
        stack.redis.start()
    shop.assert_each_received_once(5)


def test_two_workers_and_two_schedulers_send_each_sale_once(stack: Stack, shop: Shop) -> None:
    more = [stack.service(f"{name}2", ["-m", "api.cli", name]) for name in ("worker", "scheduler")]
    for service in more:
        service.start()
    try:
        for number in range(60):
            assert shop.sell(f"HPTWO{number}").status_code == 200
        shop.await_totals(delivered=60)
        shop.assert_each_received_once(60)
    finally:
        for service in more:
            service.stop()


def test_garbage_and_silent_clients_leave_the_api_serving(stack: Stack, shop: Shop) -> None:
    silent = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(300)]
    try:
        for half in silent[:150]:
            half.sendall(b"POST /track/click HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        for path in ("/track/click", shop.path):
            for body in (b"\xff\xfe", b"[" * 10_000, b"x" * 2_000_000, b"", b"null"):
                status = stack.http.post(path, content=body, headers={"X-Hub-Key": shop.write_key}).status_code
                assert 400 <= status < 500
        assert shop.sell("HPGARBAGE").status_code == 200
        shop.await_totals(delivered=1)
    finally:
        for one in silent:
            one.close()
