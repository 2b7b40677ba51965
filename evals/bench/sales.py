"""(b) The webhook's answer and (c) the paid sale's way to Meta, at 200 a second; (f) what a sale costs to keep."""

import httpx
import uvloop

from evals.bench.load import Outcome, open_loop, percentile
from evals.bench.memory import resident_mb
from evals.bench.report import Figure
from evals.bench.shop import Shop
from evals.stack import Stack, wait_for

_PER_SECOND, _CONNECTIONS, _WARM_UP = 200.0, 32, 400
_WEBHOOK_P95_MS, _RECEIVED_P95_MS = 50.0, 130.0
_SETTLE_SECONDS = 30.0
_SIZE = """
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relname IN
('received_webhooks', 'sale_events', 'conversions', 'matches', 'deliveries', 'dispatch_attempts')
"""


def measure(stack: Stack, shop: Shop, seconds: float) -> list[Figure]:
    """The webhook's answer, and a paid sale's way from its webhook to Meta's simulator, at 200 a second."""
    stack.start(stack.meta, stack.api, stack.worker, stack.scheduler)
    total = int(_PER_SECOND * seconds)
    _click(stack, shop, _WARM_UP + total)
    _send(stack, shop, range(_WARM_UP))
    _await_received(stack, _WARM_UP)
    answers = _send(stack, shop, range(_WARM_UP, _WARM_UP + total))
    _await_received(stack, _WARM_UP + total)
    seen = stack.control.get("/stats", params={"event_ids": "1"}).json()["first_seen"]
    due = [answers.started_at + n / _PER_SECOND for n in range(total)]
    delays = [(seen[shop.event_id(_WARM_UP + n)] - due[n]) * 1_000 for n in range(total)]
    refused = sum(count for status, count in answers.statuses.items() if status != httpx.codes.OK)
    return [
        Figure("b", "webhook answer p50 at 200/s", answers.percentile(50), "ms"),
        Figure("b", "webhook answer p95 at 200/s", answers.percentile(95), "ms", _WEBHOOK_P95_MS),
        Figure("b", "webhooks not answered with 200", refused + answers.unanswered, "", 0),
        Figure("c", "paid sale to Meta p50 at 200/s", percentile(delays, 50), "ms"),
        Figure("c", "paid sale to Meta p95 at 200/s", percentile(delays, 95), "ms", _RECEIVED_P95_MS),
        Figure("c", "paid sale to Meta p99 at 200/s", percentile(delays, 99), "ms"),
        Figure("c", "sales not matched by their click", _unmatched(stack, shop), "", 0),
        Figure("f", "stored per sale, with match, delivery and attempt", _bytes_each(stack), "bytes"),
        *_memory(stack),
    ]


def _click(stack: Stack, shop: Shop, sales: int) -> None:
    """Every sale has its click, stored before."""
    requests = (shop.click(f"hbench{number}") for number in range(sales))
    run = open_loop(stack.port, lambda: next(requests), per_second=1_500, seconds=sales / 1_500, connections=64)
    outcome = uvloop.run(run)
    if outcome.statuses[httpx.codes.ACCEPTED] != sales:
        raise RuntimeError(f"clicks refused: {outcome.statuses}")


def _send(stack: Stack, shop: Shop, numbers: range) -> Outcome:
    requests = iter([shop.sale(number, click_id=f"hbench{number}") for number in numbers])
    seconds = len(numbers) / _PER_SECOND
    run = open_loop(
        stack.port, lambda: next(requests), per_second=_PER_SECOND, seconds=seconds, connections=_CONNECTIONS
    )
    return uvloop.run(run)


def _await_received(stack: Stack, sales: int) -> None:
    def received() -> bool:
        datasets = stack.control.get("/stats").json()["datasets"]
        return bool(sum(counts["accepted"] for counts in datasets.values()) >= sales)

    wait_for(received, _SETTLE_SECONDS)


def _unmatched(stack: Stack, shop: Shop) -> float:
    query = "SELECT count(*) FROM matches WHERE tenant_id = %s AND rule <> 'click_id'"
    [(unmatched,)] = stack.rows(query, shop.tenant_id)
    return float(unmatched)


def _bytes_each(stack: Stack) -> float:
    [(kept,)] = stack.rows(_SIZE)
    [(sales,)] = stack.rows("SELECT count(*) FROM conversions")
    return float(kept / sales)


def _memory(stack: Stack) -> list[Figure]:
    services = (stack.api, stack.worker, stack.scheduler, stack.postgres, stack.redis)
    return [Figure("f", f"{one.name} resident memory", resident_mb(one.pid), "MB") for one in services]
