"""One person among five million events: how long it takes to plan, to erase and to search every column.

``python -m evals.bench.privacy [--events N]`` runs it on servers of its own, and exits 1 when a limit does not hold.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from rich.console import Console
from sqlalchemy import text

from evals.bench.report import Figure, Report
from evals.bench.shop import Shop, open_shop
from evals.stack import Stack
from tracking_core.consent.subjects import subjects_of
from tracking_core.db.engine import dispose, transaction
from tracking_core.db.partitions import creation
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes, sha256_hex
from tracking_core.kit.ids import new_id
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy.erase import drain_request
from tracking_core.privacy.identifiers import identifier
from tracking_core.privacy.service import approve, ask
from tracking_core.privacy.webhook_keys import read_on
from tracking_core.settings import get_settings
from tracking_core.tenants.lookup import cipher_of

_EVENTS, _SALES, _WEBHOOKS, _WEEKS, _THEIRS = 5_000_000, 100_000, 5_000, 4, 40
_PLAN_SECONDS, _ERASE_SECONDS, _SEARCH_SECONDS = 10.0, 10.0, 60.0
_WHO = "buyer7@example.com"
_CLICK, _VISIT = "hOnePersonsClick01", "sOnePersonsVisit01"
_REST = {"padding": "x" * 2_000}
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = 'tracking_events'"
_FILL = """
INSERT INTO tracking_events (id, received_at, tenant_id, kind, event_id, click_id, session_id, email_hash, phone_hash,
    client_ip, user_agent, url, is_bot)
SELECT gen_random_uuid(), now() - (n %% 40320) * interval '1 minute', %(tenant)s, 'pageview', 'e' || n,
    'h' || md5(n::text), 's' || md5((n / 4)::text),
    CASE WHEN n %% 4 = 0 THEN sha256(convert_to('buyer' || n || '@example.com', 'UTF8')) END,
    NULL, ('10.' || (n >> 16 & 255) || '.' || (n >> 8 & 255) || '.' || (n & 255))::inet,
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
    'https://loja.example/curso-de-violao?utm_source=facebook', 0
FROM generate_series(100, 99 + %(events)s::int) AS n
"""
_HERS = """
INSERT INTO tracking_events (id, received_at, tenant_id, kind, event_id, click_id, session_id, email_hash, url, is_bot)
SELECT gen_random_uuid(), now() - n * interval '1 hour', %(tenant)s, 'pageview', 'hers' || n, %(click)s, %(visit)s,
    CASE WHEN n = 1 THEN decode(%(email)s, 'hex') END, 'https://loja.example/curso', 0
FROM generate_series(1, %(theirs)s::int) AS n
"""
_SOLD = """
INSERT INTO conversions (id, tenant_id, endpoint_id, gateway, sale_id, status, event_name, event_id, occurred_at,
    amount, currency, is_renewal, is_order_bump, user_data, facts, consent_subjects, decision)
SELECT gen_random_uuid(), %(tenant)s, (SELECT id FROM webhook_endpoints LIMIT 1), 'hotmart', 'HP' || n, 'approved',
    'Purchase', gen_random_uuid(), now(), 197, 'BRL', false, false,
    jsonb_build_object('em', encode(sha256(convert_to('buyer' || n || '@example.com', 'UTF8')), 'hex')), '{}',
    ARRAY[CASE WHEN n = 7 THEN %(subject)s::uuid ELSE gen_random_uuid() END], 'planned'
FROM generate_series(1, %(sales)s::int) AS n
"""


def measure(stack: Stack, shop: Shop, _seconds: float, *, events: int = _EVENTS) -> list[Figure]:
    """One person among five million events: plan, erase, search."""
    with psycopg.connect(stack.dsn, autocommit=True) as connection:
        filled = time.perf_counter()
        _fill(connection, shop, events)
        filled = time.perf_counter() - filled
    with stack.as_this_process():
        took = asyncio.run(_timed(shop))
    return [
        Figure("p", f"filled {events:,} events", filled, "s"),
        Figure("p", f"{_WEBHOOKS:,} webhooks looked through beforehand", took["webhooks"], "s"),
        Figure("p", "plan", took["plan"], "s", _PLAN_SECONDS),
        Figure("p", "rows of the person", took["rows"], ""),
        Figure("p", "approve (planned once more)", took["approve"], "s", _PLAN_SECONDS),
        Figure("p", "erase", took["erase"], "s", _ERASE_SECONDS),
        Figure("p", "search of every column and receipt", took["search"], "s", _SEARCH_SECONDS),
        Figure("p", "found after", took["found"], "", 0.0),
    ]


def _fill(connection: "psycopg.Connection[tuple[object, ...]]", shop: Shop, events: int) -> None:
    """Without indexes first, which takes a third of the time."""
    for statement in creation(clock.now(), weeks_back=_WEEKS):
        connection.execute(statement)
    indexes = [str(row[0]) for row in connection.execute(_INDEXES).fetchall() if "UNIQUE" not in str(row[0])]
    for index in indexes:
        connection.execute("DROP INDEX " + index.split()[2])
    person = {"tenant": shop.tenant_id, "click": _CLICK, "visit": _VISIT, "email": sha256_hex(_WHO), "theirs": _THEIRS}
    connection.execute(_FILL, {"tenant": shop.tenant_id, "events": events})
    connection.execute(_HERS, person)
    for index in indexes:
        connection.execute(index.replace(" ON ONLY ", " ON "))
    [subject] = subjects_of(email_hash=sha256_hex(_WHO))
    connection.execute(_SOLD, {"tenant": shop.tenant_id, "subject": subject, "sales": _SALES})
    connection.execute("ANALYZE")
    connection.execute("CHECKPOINT")


async def _timed(shop: Shop) -> dict[str, float]:
    await _webhooks(UUID(str(shop.tenant_id)))
    try:
        took: dict[str, float] = {}
        at = time.perf_counter()
        await read_on()  # as the worker does while they come
        took["webhooks"] = time.perf_counter() - at
        row = await _clocked(took, "plan", lambda: _asked(shop))
        took["rows"] = float(row.plan["rows"])
        row = await _clocked(took, "approve", lambda: _approved(shop, row))
        at, spent = time.perf_counter(), []
        async for _ in drain_request(row.id, get_settings()):
            spent.append(time.perf_counter() - at)
            at = time.perf_counter()
        took["erase"], took["search"] = sum(spent[:-1]), spent[-1]
        async with transaction() as session:
            done = await session.get_one(PrivacyRequest, row.id)
        took["found"] = float(len(done.receipt["searched"]["found"])) + (done.state != PrivacyState.DONE)
        return took
    finally:
        await dispose()


async def _clocked(took: dict[str, float], name: str, work: Callable[[], Awaitable[PrivacyRequest]]) -> PrivacyRequest:
    started = time.perf_counter()
    row = await work()
    took[name] = time.perf_counter() - started
    return row


async def _asked(shop: Shop) -> PrivacyRequest:
    async with transaction() as session:
        return await ask(session, UUID(str(shop.tenant_id)), identifier("email", _WHO), actor="bench", now=clock.now())


async def _approved(shop: Shop, row: PrivacyRequest) -> PrivacyRequest:
    how: dict[str, Any] = {"plan_hash": row.plan_hash, "approved_by": "Bench", "actor": "bench", "now": clock.now()}
    async with transaction() as session:
        return await approve(session, UUID(str(shop.tenant_id)), row.id, **how)


async def _webhooks(tenant_id: UUID) -> None:
    """Sealed bodies, to be opened by the search."""
    async with transaction() as session:
        cipher = cipher_of(await session.get_one(Tenant, tenant_id))
        endpoint = await session.scalar(text("SELECT id FROM webhook_endpoints LIMIT 1"))
        rows = []
        for number in range(_WEBHOOKS):
            webhook_id, buyer = new_id(), {"email": f"b{number}@example.com"}
            body = orjson.dumps({"n": number, "buyer": buyer, **_REST})
            sealed = cipher.encrypt(body, f"webhook:{webhook_id}:body")
            rows.append({"i": webhook_id, "t": tenant_id, "e": endpoint, "b": sealed, "d": sha256_bytes(body)})
        await session.execute(
            text(
                "INSERT INTO received_webhooks"
                " (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts)"
                " VALUES (:i, :t, :e, 'hotmart', :b, :d, 'processed', 1)"
            ),
            rows,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=_EVENTS)
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), {"HUB_LOG_LEVEL": "WARNING"}, meta_options=("--no-store-bodies",))
        try:
            stack.start_servers()
            report.figures += measure(stack, open_shop(stack), 0, events=asked.events)
        finally:
            stack.stop()
    report.show(Console())
    sys.exit(0 if report.holds else 1)


if __name__ == "__main__":
    main()
