"""(e) What a match costs with ten thousand and with two million stored clicks."""

import random
import time
from datetime import timedelta
from decimal import Decimal

import psycopg
import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from evals.bench.load import percentile
from evals.bench.report import Figure
from evals.bench.shop import Shop
from evals.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.db.partitions import creation
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_hex
from tracking_core.matching.match import match
from tracking_core.models import Conversion
from tracking_core.pipeline.stages import Sale, TenantRules

_FEW, _MANY, _SALES, _WEEKS = 10_000, 2_000_000, 2_000, 4
_DOUBLED = 2.0
_FILL = """
INSERT INTO tracking_events (id, received_at, tenant_id, kind, event_id, click_id, session_id, email_hash, phone_hash,
    client_ip, user_agent, url, is_bot)
SELECT gen_random_uuid(), now() - (n %% 40320) * interval '1 minute', %(tenant)s, 'click', 'e' || n, 'h' || n, 's' || n,
    sha256(convert_to('buyer' || n || '@example.com', 'UTF8')), sha256(convert_to('551190000' || n, 'UTF8')),
    ('10.' || (n >> 16 & 255) || '.' || (n >> 8 & 255) || '.' || (n & 255))::inet, 'Mozilla/5.0',
    'https://loja.example/curso', 0
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


def measure(stack: Stack, shop: Shop, seconds: float) -> list[Figure]:
    """A match by click id, session, e-mail, phone, score or nothing, at 10 thousand and at 2 million stored clicks."""
    with psycopg.connect(stack.dsn, autocommit=True) as connection:
        for statement in creation(clock.now(), weeks_back=_WEEKS):
            connection.execute(statement)
        _fill(connection, shop, 1, _FEW)
        few = _latencies(stack, shop, _FEW)
        _fill(connection, shop, _FEW + 1, _MANY)
    many = _latencies(stack, shop, _MANY)
    few_p99, many_p99 = percentile(few, 99), percentile(many, 99)
    return [
        Figure("e", f"match p50 at {_FEW:,} clicks", percentile(few, 50), "ms"),
        Figure("e", f"match p99 at {_FEW:,} clicks", few_p99, "ms"),
        Figure("e", f"match p50 at {_MANY:,} clicks", percentile(many, 50), "ms"),
        Figure("e", f"match p99 at {_MANY:,} clicks", many_p99, "ms"),
        Figure("e", "p99 at 2 million / p99 at 10 thousand", many_p99 / few_p99, "", _DOUBLED),
    ]


def _fill(connection: "psycopg.Connection[tuple[object, ...]]", shop: Shop, first: int, last: int) -> None:
    connection.execute(_FILL, {"tenant": shop.tenant_id, "first": first, "last": last})
    connection.execute("VACUUM ANALYZE tracking_events")
    connection.execute("CHECKPOINT")


def _latencies(stack: Stack, shop: Shop, clicks: int) -> list[float]:
    with stack.as_this_process():
        return uvloop.run(_matched(shop, clicks))


async def _matched(shop: Shop, clicks: int) -> list[float]:
    """Milliseconds of one match each, over sales of every kind spread over all the clicks; a warm-up is not counted."""
    random_ = random.Random(7)
    sales = [_sale(shop, random_.randint(1, clicks), kind=n % 6) for n in range(_SALES + _SALES // 10)]
    async with transaction() as session:
        taken = [await _timed(session, sale) for sale in sales]
    await dispose()
    return taken[_SALES // 10 :]


async def _timed(session: AsyncSession, sale: Sale) -> float:
    started = time.perf_counter()
    await match(session, [sale])
    return (time.perf_counter() - started) * 1_000


def _sale(shop: Shop, n: int, *, kind: int) -> Sale:
    """Found by the click's own id, session, e-mail, phone or address, or by nothing."""
    facts: list[dict[str, object]] = [
        {"carriers": {"xcod": f"h{n}"}},
        {"carriers": {"xcod": f"s{n}"}},
        {},
        {},
        {"buyer_ip": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"},
        {"carriers": {"xcod": f"nobody{n}"}},
    ]
    people: dict[int, dict[str, object]] = {
        2: {"em": sha256_hex(f"buyer{n}@example.com")},
        3: {"ph": sha256_hex(f"551190000{n}")},
    }
    now = clock.now()
    conversion = Conversion(
        tenant_id=shop.tenant_id,
        endpoint_id=shop.tenant_id,
        gateway="hotmart",
        sale_id=f"HP{n}",
        status="approved",
        event_name="Purchase",
        event_id=shop.tenant_id,
        occurred_at=now,
        approved_at=now,
        facts=facts[kind],
        user_data=people.get(kind, {}),
    )
    rules = TenantRules(
        tenant_id=shop.tenant_id,
        country="BR",
        consent_mode="opt_out",
        match_threshold=Decimal("0.6"),
        attribution_window_days=int(timedelta(weeks=_WEEKS).days),
    )
    return Sale(conversion, rules)
