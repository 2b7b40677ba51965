"""Meta at its worst: whatever it answers, each event is counted once, and only what is broken waits."""

import time
from statistics import median

import pytest

from evals.stack import wait_for
from tests.chaos.shop import Shop, new_datasets
from tests.chaos.stack import META_TIMEOUT_SECONDS, Stack

pytestmark = pytest.mark.timeout(180)
_HANGING = {"seconds": 3 * META_TIMEOUT_SECONDS}
# Nothing was taken, or it is certain that nothing was: (fault, its parameters, whether the attempt is ambiguous).
_NOT_TAKEN = [
    ("http_500", {}, True),
    ("graph_500", {}, False),
    ("http_429", {"retry_after": 1}, False),
    ("html", {}, True),
    ("timeout_before", _HANGING, True),
]
_TAKEN_AND_NOT_CONFIRMED = ["timeout_after_accept", "disconnect_after_accept", "zero_received", "empty_200"]


def test_a_passing_failure_is_retried_until_accepted_once(stack: Stack) -> None:
    shop = Shop(stack, new_datasets(len(_NOT_TAKEN)))
    for dataset, (kind, params, _) in zip(shop.datasets, _NOT_TAKEN, strict=True):
        stack.fault(kind, dict(params), dataset_id=dataset)
    shop.sell("HPFAIL")
    shop.await_totals(delivered=1)
    for dataset, (kind, _, is_ambiguous) in zip(shop.datasets, _NOT_TAKEN, strict=True):
        counts, [first, last] = stack.counts(dataset), shop.trail(dataset)
        assert (kind, counts["accepted"], counts["duplicates"]) == (kind, 1, 0)
        assert (kind, first[1], last) == (kind, is_ambiguous, ("accepted", False))


def test_an_event_taken_but_not_confirmed_is_marked_ambiguous_and_resent_under_the_same_id(stack: Stack) -> None:
    shop = Shop(stack, new_datasets(len(_TAKEN_AND_NOT_CONFIRMED)))
    for dataset, kind in zip(shop.datasets, _TAKEN_AND_NOT_CONFIRMED, strict=True):
        stack.fault(kind, dict(_HANGING), dataset_id=dataset)
    shop.sell("HPTAKEN")
    shop.await_totals(delivered=1)
    for dataset, kind in zip(shop.datasets, _TAKEN_AND_NOT_CONFIRMED, strict=True):
        counts = stack.counts(dataset)
        assert (kind, counts["accepted"], counts["duplicates"]) == (kind, 1, 1)
        assert (kind, shop.trail(dataset)) == (kind, [("transient", True), ("accepted", False)])
    assert stack.received()[shop.event_ids()[0]] == 2 * len(_TAKEN_AND_NOT_CONFIRMED)


def test_a_bad_token_holds_everything_and_a_new_one_drains_it(stack: Stack, shop: Shop) -> None:
    shop.hold("HPHOLD", 3)
    shop.reconnect(shop.datasets[0])
    shop.await_totals(delivered=3)
    shop.assert_each_received_once(3)


def test_one_dead_pixel_among_five_leaves_the_others_their_latency(stack: Stack) -> None:
    shop = Shop(stack, new_datasets(5))
    dead, *healthy = shop.datasets
    _latencies(shop, "HPWARM", 10, healthy)
    without = _latencies(shop, "HPALIVE", 50, healthy)
    requests = stack.counts(dead)["requests"]
    stack.fault("timeout_before", {"seconds": 5}, dataset_id=dead, times=None)
    with_dead = _latencies(shop, "HPDEAD", 50, healthy)
    assert stack.counts(dead)["requests"] > requests  # it was tried, and it hung
    assert median(with_dead) <= 3 * median(without) + 0.1
    stack.control.delete("/faults")
    shop.await_totals(delivered=110)


def _latencies(shop: Shop, prefix: str, sales: int, datasets: list[str]) -> list[float]:
    """Seconds from sending each webhook to each dataset's receipt at Meta."""
    sent = {}
    for number in range(sales):
        sent[f"{prefix}{number}"] = time.time()
        assert shop.sell(f"{prefix}{number}").status_code == 200
        time.sleep(0.01)
    query = "SELECT sale_id, event_id::text FROM conversions WHERE tenant_id = %s AND sale_id LIKE %s"
    wait_for(lambda: len(shop.stack.rows(query, shop.id, f"{prefix}%")) == sales)
    sale_of = {event_id: sale_id for sale_id, event_id in shop.stack.rows(query, shop.id, f"{prefix}%")}
    wait_for(lambda: all(sale_of.keys() <= shop.stack.taken_at(dataset).keys() for dataset in datasets), 15)
    return [
        at - sent[sale_of[event_id]]
        for dataset in datasets
        for event_id, at in shop.stack.taken_at(dataset).items()
        if event_id in sale_of
    ]


def test_one_bad_event_in_a_batch_of_500_dies_alone(stack: Stack, shop: Shop) -> None:
    shop.hold("HPBATCH", 500)
    poison = shop.event_ids()[250]
    stack.fault("poison", {"event_id": poison}, dataset_id=shop.datasets[0], times=None)
    shop.reconnect(shop.datasets[0])
    shop.await_totals(delivered=499, dead=1)
    received = stack.received()
    assert [received[one] for one in shop.event_ids() if one != poison] == [1] * 499
    assert poison not in received
    assert stack.counts(shop.datasets[0])["requests"] < 40  # halved, not sent one by one
