"""Faults on real processes: nothing acknowledged is lost, and Meta hears of each sale effectively once."""

import threading
from uuid import uuid4

import httpx
import pytest

from tests.chaos.conftest import Shop, Stack, wait_for

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


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("http_500", {}),
        ("graph_500", {}),
        ("http_429", {"retry_after": 1}),
        ("html", {}),
        ("timeout_before", {"seconds": 3}),
    ],
)
def test_a_passing_failure_at_meta_is_retried_until_accepted_once(
    stack: Stack, shop: Shop, kind: str, params: dict[str, object]
) -> None:
    stack.fault(kind, params, dataset_id=shop.datasets[0])
    shop.sell("HPFAIL")
    shop.await_totals(delivered=1)
    shop.assert_each_received_once(1)


def test_a_timeout_after_meta_accepted_is_resent_with_the_same_id_so_meta_counts_it_once(
    stack: Stack, shop: Shop
) -> None:
    stack.fault("timeout_after_accept", {"seconds": 3}, dataset_id=shop.datasets[0])
    shop.sell("HPTIMEOUT")
    shop.await_totals(delivered=1)
    counts = stack.control.get("/stats").json()["datasets"][shop.datasets[0]]
    assert (counts["accepted"], counts["duplicates"]) == (1, 1)


def test_a_bad_token_holds_everything_and_a_new_one_drains_it(stack: Stack, shop: Shop) -> None:
    stack.fault("code_190", {"subcode": 463}, dataset_id=shop.datasets[0], times=None)
    for number in range(3):
        shop.sell(f"HPHOLD{number}")
    shop.await_totals(on_hold=3)
    stack.control.delete("/faults")
    shop.reconnect(shop.datasets[0])
    shop.await_totals(delivered=3)
    shop.assert_each_received_once(3)


def test_one_dead_pixel_among_five_does_not_slow_the_others(stack: Stack) -> None:
    datasets = [f"8000000000{number}" for number in range(5)]
    shop = Shop(stack, datasets)
    stack.fault("timeout_before", {"seconds": 5}, dataset_id=datasets[0], times=None)
    for number in range(10):
        shop.sell(f"HPFIVE{number}")
    query = "SELECT count(*) FROM deliveries WHERE tenant_id = %s AND state = 'delivered'"
    wait_for(lambda: stack.rows(query, shop.id) == [(40,)], 10)
    stack.control.delete("/faults")
    shop.await_totals(delivered=10)


def test_one_bad_event_in_a_batch_of_500_dies_alone(stack: Stack, shop: Shop) -> None:
    stack.fault("code_190", {}, dataset_id=shop.datasets[0], times=None)
    for number in range(500):
        assert shop.sell(f"HPBATCH{number}").status_code == 200
    shop.await_totals(on_hold=500)
    stack.control.delete("/faults")
    poison = shop.event_ids()[250]
    stack.fault("poison", {"event_id": poison}, dataset_id=shop.datasets[0], times=None)
    shop.reconnect(shop.datasets[0])
    shop.await_totals(delivered=499, dead=1)
    received = stack.received()
    assert [received[one] for one in shop.event_ids() if one != poison] == [1] * 499
    assert poison not in received
    requests = stack.control.get("/stats").json()["datasets"][shop.datasets[0]]["requests"]
    assert requests < 40  # halved, not sent one by one
