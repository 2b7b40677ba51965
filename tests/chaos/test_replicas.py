"""More than one of each: two workers and two schedulers share the work and never do it twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from evals.stack import wait_for
from tests.chaos.shop import Shop
from tests.chaos.stack import Stack

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def doubled(stack: Stack) -> Iterator[Stack]:
    """The stack with a second worker and a second scheduler."""
    twins = [stack.service(f"{name}-2", ["-m", "api.cli", name]) for name in ("worker", "scheduler")]
    for twin in twins:
        twin.start()
    for twin in twins:
        log = stack.folder / "logs" / f"{twin.name}.log"
        wait_for(lambda path=log: "_started" in path.read_text())  # type: ignore[misc]
    yield stack
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: one.stop(), twins))


def test_two_workers_and_two_schedulers_send_each_event_once(doubled: Stack, shop: Shop) -> None:
    held, fresh = 100, 150
    shop.hold("HPTWOHELD", held)
    doubled.fault("slow", {"delay_ms": 50}, dataset_id=shop.datasets[0], times=None)
    shop.reconnect(shop.datasets[0])  # a backlog to fight over while new sales come in
    with ThreadPoolExecutor(6) as senders:
        answers = list(senders.map(lambda number: shop.sell(f"HPTWO{number}"), range(fresh)))
    assert {answer.status_code for answer in answers} == {200}
    shop.await_totals(delivered=held + fresh)
    shop.assert_each_received_once(held + fresh)
    again = doubled.rows("SELECT outcome FROM dispatch_attempts WHERE tenant_id = %s AND ambiguous", shop.id)
    assert again == []
