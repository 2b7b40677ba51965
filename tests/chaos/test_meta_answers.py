"""Meta at its worst, with real processes: every sale is counted once, and one dataset's trouble stays its own."""

from statistics import median

import pytest

from evals.stack import wait_for
from tests.chaos.conftest import Shop, Stack

pytestmark = pytest.mark.timeout(180)


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


@pytest.mark.parametrize("kind", ["disconnect_after_accept", "empty_200", "zero_received"])
def test_an_answer_that_does_not_say_what_was_taken_leads_to_a_resend_under_the_same_id(
    stack: Stack, shop: Shop, kind: str
) -> None:
    stack.fault(kind, {}, dataset_id=shop.datasets[0])
    shop.sell("HPSILENT")
    shop.await_totals(delivered=1)
    counts = stack.control.get("/stats").json()["datasets"][shop.datasets[0]]
    assert (counts["accepted"], counts["duplicates"]) == (1, 1)
    query = (
        "SELECT a.ambiguous, a.outcome FROM dispatch_attempts a JOIN deliveries d ON d.id = a.delivery_id"
        " WHERE d.tenant_id = %s ORDER BY a.started_at"
    )
    assert stack.rows(query, shop.id) == [(True, "transient"), (False, "accepted")]


def test_a_dead_pixel_costs_the_healthy_ones_no_latency(stack: Stack) -> None:
    datasets = [f"9000000000{number}" for number in range(5)]
    shop = Shop(stack, datasets)
    alone = delays(stack, shop, [f"HPHEALTHY{number}" for number in range(15)], datasets[1:])
    stack.fault("timeout_before", {"seconds": 5}, dataset_id=datasets[0], times=None)
    beside = delays(stack, shop, [f"HPBESIDE{number}" for number in range(15)], datasets[1:])
    stack.control.delete("/faults")
    assert median(beside) < 3 * median(alone) + 0.1


def delays(stack: Stack, shop: Shop, sales: list[str], datasets: list[str]) -> list[float]:
    """Seconds from each sale's conversion to the last of these datasets having it, by the attempts' own times."""
    for sale in sales:
        assert shop.sell(sale).status_code == 200
    query = """
        SELECT extract(epoch FROM max(d.delivered_at) - c.created_at)::float8
        FROM conversions c JOIN deliveries d ON d.conversion_id = c.id JOIN meta_connections k ON k.id = d.connection_id
        WHERE c.tenant_id = %s AND c.sale_id = ANY(%s) AND k.dataset_id = ANY(%s)
        GROUP BY c.id HAVING count(*) FILTER (WHERE d.state = 'delivered') = %s
    """
    values = (shop.id, sales, datasets, len(datasets))
    wait_for(lambda: len(stack.rows(query, *values)) == len(sales), 30)
    return [delay for (delay,) in stack.rows(query, *values)]
