"""Processes killed with SIGKILL: nothing acknowledged is lost, and Meta counts each sale once."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from evals.stack import wait_for
from tests.chaos.shop import Shop
from tests.chaos.stack import Background, Stack

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("victim", ["api", "postgres"])
def test_a_click_that_was_acknowledged_survives_kill_9(stack: Stack, shop: Shop, victim: str) -> None:
    acknowledged: list[str] = []

    def click(_number: int) -> None:
        try:
            event_id, answer = shop.click()
        except httpx.HTTPError:
            time.sleep(0.05)
            return
        if answer.status_code == 202:
            acknowledged.append(event_id)

    with Background(click):
        wait_for(lambda: len(acknowledged) > 50)
        if victim == "api":
            stack.restart(stack.api)
        else:
            stack.postgres.kill()
            stack.postgres.start()
        before = len(acknowledged)
        wait_for(lambda: len(acknowledged) > before + 20)
    stored = shop.stored_clicks()
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
    assert shop.trail(shop.datasets[0]) == [("worker_lost", True), ("accepted", False)]


def test_a_worker_killed_in_the_middle_of_a_bisection_still_loses_only_the_bad_event(stack: Stack, shop: Shop) -> None:
    sales, [dataset] = 64, shop.datasets
    shop.hold("HPHALF", sales)
    poison = shop.event_ids()[sales // 2]
    before = stack.counts(dataset)["requests"]
    stack.fault("poison", {"event_id": poison}, dataset_id=dataset, times=None)
    stack.fault("slow", {"delay_ms": 200}, dataset_id=dataset, times=None)
    shop.reconnect(dataset)
    wait_for(lambda: stack.counts(dataset)["requests"] >= before + 4)
    stack.restart(stack.worker)
    assert 0 < stack.counts(dataset)["accepted"] < sales - 1  # it was killed in the middle
    shop.await_totals(delivered=sales - 1, dead=1)
    received = stack.received()
    good = [one for one in shop.event_ids() if one != poison]
    assert poison not in received
    assert stack.counts(dataset)["accepted"] == len(good)
    assert {received[one] for one in good} <= {1, 2}
    resent = {one for one in good if received[one] == 2}
    lost = stack.rows(
        "SELECT DISTINCT d.event_id FROM deliveries d JOIN dispatch_attempts a ON a.delivery_id = d.id"
        " WHERE d.tenant_id = %s AND a.outcome = 'worker_lost' AND a.ambiguous",
        shop.id,
    )
    assert resent <= {event_id for (event_id,) in lost}


def test_the_api_killed_while_webhooks_come_in_takes_each_sale_once_when_the_sender_tries_again(
    stack: Stack, shop: Shop
) -> None:
    sales = 120
    with _half_a_webhook(stack, shop), ThreadPoolExecutor(8) as senders:
        taken = [senders.submit(shop.sell_until_taken, f"HPAPI{number}") for number in range(sales)]
        for done_before_the_kill in (20, 60):
            wait_for(lambda many=done_before_the_kill: sum(one.done() for one in taken) >= many)  # type: ignore[misc]
            stack.restart(stack.api)
            stack.await_answers(stack.api)
        for one in taken:
            one.result()
    shop.await_totals(delivered=sales)
    shop.assert_each_received_once(sales)


def _half_a_webhook(stack: Stack, shop: Shop) -> socket.socket:
    """A sale whose body stops in the middle: it was never acknowledged and must leave no trace."""
    inbound = shop.webhook("HPHALFSENT")
    head = f"POST {shop.path} HTTP/1.1\r\nHost: hub\r\nContent-Length: {len(inbound.body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in inbound.headers.items())
    sending = socket.create_connection(("127.0.0.1", stack.port), timeout=5)
    sending.sendall(head.encode() + b"\r\n" + inbound.body[: len(inbound.body) // 2])
    return sending


def test_postgres_killed_under_load_of_sales_loses_none_that_was_accepted(stack: Stack, shop: Shop) -> None:
    for number in range(40):
        if number == 15:
            stack.postgres.kill()
            stack.postgres.start()
        shop.sell_until_taken(f"HPPG{number}")
    shop.await_totals(delivered=40)
    shop.assert_each_counted_once(40)


def test_postgres_restarted_while_the_worker_drains_is_drained_on_by_the_same_worker(stack: Stack, shop: Shop) -> None:
    held, worker = 60, stack.worker.pid
    shop.hold("HPHELD", held)
    before = stack.counts(shop.datasets[0])["requests"]
    stack.fault("slow", {"delay_ms": 400}, dataset_id=shop.datasets[0], times=None)
    shop.reconnect(shop.datasets[0])
    wait_for(lambda: stack.counts(shop.datasets[0])["requests"] > before)
    with ThreadPoolExecutor(1) as gateway:
        for number in range(2):
            stack.postgres.stop()
            selling = gateway.submit(shop.sell_until_taken, f"HPWHILE{number}")
            stack.postgres.start()
            selling.result()
    shop.await_totals(delivered=held + 2)
    shop.assert_each_counted_once(held + 2)
    assert (stack.worker.pid, stack.worker.is_running()) == (worker, True)
