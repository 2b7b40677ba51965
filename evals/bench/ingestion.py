"""(a) Durable ingestion against the bare limit and against one commit per request; (f) what an event costs to keep."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import uvloop

from evals.bench.load import Outcome, Requests, closed_loop, open_loop
from evals.bench.memory import resident_mb
from evals.bench.report import Figure
from evals.bench.shop import Shop
from evals.stack import Stack, wait_for

_CONNECTIONS, _STEADY_CONNECTIONS = 64, 256
_ROUNDS, _WARM_UP_SECONDS = 3, 1.0
_SHARE_OF_LIMIT, _P99_MS, _LOAD = 0.6, 50.0, 0.7
_SIZE = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relname LIKE %s AND relkind = 'r'"


def measure(stack: Stack, shop: Shop, seconds: float) -> list[Figure]:
    """Durable ingestion against an endpoint that stores nothing, and against one commit per request."""
    clicks = shop.clicks()
    rates: dict[str, list[float]] = {name: [] for name in ("framework", "bare", "one_commit", "hub")}
    for _ in range(_ROUNDS):  # in turn, so that a machine that drifts drifts for all
        for name, found in rates.items():
            with _serving(stack, name):
                found.append(_full_speed(stack, clicks, seconds / _ROUNDS).per_second)
    framework, bare, one_commit, hub = (sorted(found)[_ROUNDS // 2] for found in rates.values())
    with _serving(stack, "hub"):
        steady = _steady(stack, clicks, hub * _LOAD, seconds)
        api = resident_mb(stack.api.pid)
    return [
        Figure("a", "framework endpoint that stores nothing", framework, "/s"),
        Figure("a", "hub's own endpoint that stores nothing (bare)", bare, "/s"),
        Figure("a", "one insert and commit per request", one_commit, "/s"),
        Figure("a", "hub, durable before the 202", hub, "/s"),
        Figure("a", "hub / framework endpoint", hub / framework, "", _SHARE_OF_LIMIT, at_least=True),
        Figure("a", "hub / bare", hub / bare, "", _SHARE_OF_LIMIT, at_least=True),
        Figure("a", "hub / one commit per request", hub / one_commit, "", 1.0, at_least=True),
        Figure("a", "p50 at 70 % load", steady.percentile(50), "ms"),
        Figure("a", "p99 at 70 % load", steady.percentile(99), "ms", _P99_MS),
        Figure("a", "answers other than 202 at 70 % load", _failed(steady), "", 0),
        *_sizes(stack),
        Figure("f", "API resident memory after it", api, "MB"),
    ]


@contextmanager
def _serving(stack: Stack, name: str) -> Iterator[None]:
    server = stack.api if name == "hub" else stack.service(name, ["-m", "evals.bench.servers", name])
    server.start()
    try:
        wait_for(lambda: bool(httpx.get(f"http://127.0.0.1:{stack.port}/", trust_env=False).status_code))
        yield
    finally:
        server.stop()


def _full_speed(stack: Stack, clicks: Requests, seconds: float) -> Outcome:
    _run_closed(stack, clicks, _WARM_UP_SECONDS)
    outcome = _run_closed(stack, clicks, seconds)
    if _failed(outcome):
        raise RuntimeError(f"answers other than 202: {outcome.statuses}")
    return outcome


def _steady(stack: Stack, clicks: Requests, per_second: float, seconds: float) -> Outcome:
    """From a checkpoint on, so that the server writes into reused segments as one does that has run for a while."""
    _run_closed(stack, clicks, _WARM_UP_SECONDS)
    with psycopg.connect(stack.dsn, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    return uvloop.run(
        open_loop(stack.port, clicks, per_second=per_second, seconds=seconds, connections=_STEADY_CONNECTIONS)
    )


def _run_closed(stack: Stack, clicks: Requests, seconds: float) -> Outcome:
    return uvloop.run(closed_loop(stack.port, clicks, connections=_CONNECTIONS, seconds=seconds))


def _failed(outcome: Outcome) -> int:
    other = sum(count for status, count in outcome.statuses.items() if status != httpx.codes.ACCEPTED)
    return other + outcome.unanswered


def _sizes(stack: Stack) -> list[Figure]:
    [(events,)] = stack.rows("SELECT count(*) FROM tracking_events")
    [(kept,)] = stack.rows(_SIZE, "tracking_events_w%")
    [(claims,)] = stack.rows(_SIZE, "dedupe_registry")
    return [
        Figure("f", "stored per browser event, with its indexes", kept / events, "bytes"),
        Figure("f", "and its entry in the dedupe registry", claims / events, "bytes"),
    ]
