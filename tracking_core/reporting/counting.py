"""One query for each family of metrics, over a range of time of one table.

``tracking_events`` is read by its partitions, the others by the time they are indexed by. Everything is counted from
the rows themselves, never from a counter, so it agrees with the ledger.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.destinations.meta_capi.event import MAX_EVENT_AGE
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.matching.match import Rule
from tracking_core.models import TrackingKind
from tracking_core.pipeline.conversions import PAID
from tracking_core.proof.edge import USER_AGENT as PROOF_AGENT
from tracking_core.reporting.metrics import Key, Metric
from tracking_core.reporting.scope import Scope, Where

_FAILED, _REAL = "failed_", "d.test_event_code IS NULL"
_EVENTS = "SELECT {bucket}, {counts} FROM tracking_events e WHERE {where} GROUP BY 1, 2"
_SALES = """
SELECT {bucket}, count(*) AS sales_received, count(*) FILTER (WHERE c.status = ANY(:paid)) AS sales_approved,
    count(*) FILTER (WHERE c.status = ANY(:paid) AND m.rule <> :unmatched) AS sales_matched
FROM conversions c LEFT JOIN matches m ON m.conversion_id = c.id {joined} WHERE {where} GROUP BY 1, 2
"""
_SENT = """
SELECT {bucket}, count(*) FILTER (WHERE d.conversion_id IS NOT NULL) AS sent_sales,
    count(*) FILTER (WHERE d.conversion_id IS NULL) AS sent_visits,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.seconds) AS delivery_latency_p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY p.seconds) AS delivery_latency_p95,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY p.seconds) AS delivery_latency_p99
FROM deliveries d LEFT JOIN LATERAL (
    SELECT CAST(extract(epoch FROM d.delivered_at - min(w.received_at)) AS float8) AS seconds
    FROM sale_events s JOIN received_webhooks w ON w.id = s.webhook_id
    WHERE s.conversion_id = d.conversion_id AND s.kind = ANY(:paying)
) p ON true
WHERE {where} GROUP BY 1, 2
"""
# Attempts before the range are looked for only where there can be any: of deliveries planned before it. The lease
# overwrites ``due_at``. What it was is when the delivery was planned or, for a sale that waited for a late click, when
# it was matched again: that released it.
_ATTEMPTS = """
SELECT {bucket}, {counts}, count(*) FILTER (WHERE NOT f.is_first) AS retries,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY f.delay) FILTER (WHERE f.is_first) AS queue_delay_p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY f.delay) FILTER (WHERE f.is_first) AS queue_delay_p95
FROM (
    SELECT a.*, row_number() OVER (PARTITION BY a.delivery_id ORDER BY a.started_at, a.id) AS nth
    FROM dispatch_attempts a WHERE {where}
) a LEFT JOIN deliveries d ON d.id = a.delivery_id LEFT JOIN matches m ON m.conversion_id = d.conversion_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.nth > 1 THEN false WHEN d.created_at >= :since THEN true ELSE NOT EXISTS (
        SELECT FROM dispatch_attempts b WHERE b.delivery_id = a.delivery_id AND b.started_at < :since
    ) END AS is_first,
    CAST(extract(epoch FROM greatest(interval '0', a.started_at - greatest(d.created_at, m.matched_at))) AS float8)
        AS delay
    OFFSET 0
) f
WHERE {real} GROUP BY 1, 2
"""
_REPLAYS = """
SELECT {bucket}, count(*) AS replays FROM replays r JOIN deliveries d ON d.replay_id = r.id WHERE {where} GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A range of whole buckets, of ``width`` from ``origin`` on. ``group_column`` is a column of ours, ``groups`` the
    only ones of it that are told."""

    scope: Scope
    since: datetime
    until: datetime
    width: timedelta
    origin: datetime
    group_column: str | None
    groups: Sequence[UUID] | None
    connection_id: UUID | None
    include_synthetic: bool

    @property
    def is_of_datasets(self) -> bool:
        return self.connection_id is not None or self.group_column == "connection_id"

    def where(self, table: str, moment: str, grouped: str, *, scoped: str = "") -> Where:
        """The range by ``table`` and its column ``moment``, the scope by it too or by ``scoped``; groups and connection
        by the table ``grouped``."""
        values = {"since": self.since, "until": self.until, "width": self.width, "origin": self.origin}
        where = Where([f"{table}.{moment} >= :since", f"{table}.{moment} < :until"], values)
        where.scope(f"{scoped or table}.tenant_id", self.scope)
        where.given(f"{grouped}.connection_id = :connection", connection=self.connection_id)
        if self.groups is not None:
            where.add(f"{grouped}.{self.group_column} = ANY(CAST(:groups AS uuid[]))", groups=list(self.groups))
        return where

    def bucket(self, table: str, moment: str, grouped: str) -> str:
        group = f"{grouped}.{self.group_column}" if self.group_column else "CAST(NULL AS uuid)"
        return f"date_bin(:width, {table}.{moment}, :origin) AS bucket, {group} AS grp"


@dataclass(frozen=True, slots=True)
class Family:
    """The metrics that one query counts."""

    metrics: frozenset[Metric]
    count: Callable[[AsyncSession, Asked], Awaitable[dict[Key, float]]]


async def _events(session: AsyncSession, asked: Asked) -> dict[Key, float]:
    where = asked.where("e", "received_at", "e")
    if not asked.include_synthetic:
        where.add("e.user_agent IS DISTINCT FROM :proof", proof=PROOF_AGENT)
    counts = ", ".join(f"count(*) FILTER (WHERE e.kind = '{kind}') AS events_{kind}" for kind in TrackingKind)
    query = _EVENTS.format(bucket=asked.bucket("e", "received_at", "e"), counts=counts, where=where.text)
    return await _counted(session, query, where)


async def _sales(session: AsyncSession, asked: Asked) -> dict[Key, float]:
    """A sale of two datasets counts once for each of them."""
    grouped = "d" if asked.is_of_datasets else "c"
    where = asked.where("c", "created_at", grouped)
    where.values |= {"paid": [status.value for status in PAID], "unmatched": Rule.NONE.value}
    if not asked.include_synthetic:
        where.add("NOT c.is_synthetic")
    joined = "JOIN deliveries d ON d.conversion_id = c.id" if asked.is_of_datasets else ""
    bucket = asked.bucket("c", "created_at", grouped)
    return await _counted(session, _SALES.format(bucket=bucket, joined=joined, where=where.text), where)


async def _sent(session: AsyncSession, asked: Asked) -> dict[Key, float]:
    where = asked.where("d", "delivered_at", "d")
    where.values["paying"] = [SaleEventKind.APPROVED.value, SaleEventKind.COMPLETED.value]
    # Nothing is taken later than this after it was planned; so the index by that time bounds what is read.
    where.add("d.created_at >= :planned_since AND d.created_at < :until", planned_since=asked.since - MAX_EVENT_AGE)
    _without_made_up(where, asked)
    bucket = asked.bucket("d", "delivered_at", "d")
    return await _counted(session, _SENT.format(bucket=bucket, where=where.text), where)


async def _attempts(session: AsyncSession, asked: Asked) -> dict[Key, float]:
    where = asked.where("a", "started_at", "a")
    outcomes = [metric.removeprefix(_FAILED) for metric in Metric if metric.startswith(_FAILED)]
    counts = ", ".join(f"count(*) FILTER (WHERE a.outcome = '{one}') AS {_FAILED}{one}" for one in outcomes)
    bucket, real = asked.bucket("a", "started_at", "a"), "true" if asked.include_synthetic else _REAL
    query = _ATTEMPTS.format(bucket=bucket, counts=counts, where=where.text, real=real)
    return await _counted(session, query, where)


async def _replays(session: AsyncSession, asked: Asked) -> dict[Key, float]:
    """Letters made due again. One that was replayed twice is counted at the later time alone."""
    where = asked.where("r", "created_at", "d", scoped="d")
    _without_made_up(where, asked)
    query = _REPLAYS.format(bucket=asked.bucket("r", "created_at", "d"), where=where.text)
    return await _counted(session, query, where)


def _without_made_up(where: Where, asked: Asked) -> None:
    if not asked.include_synthetic:
        where.add(_REAL)


async def _counted(session: AsyncSession, query: str, where: Where) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for row in await session.execute(text(query), where.values):
        found |= _cells(row)
    return found


def _cells(row: Row[Any]) -> dict[Key, float]:
    """Every column but the first two is a metric; what nobody could measure is left out."""
    said = row._asdict()
    bucket, group = said.pop("bucket"), said.pop("grp")
    return {(Metric(name), group, bucket): float(value) for name, value in said.items() if value is not None}


def _named(*beginnings: str) -> frozenset[Metric]:
    return frozenset(metric for metric in Metric if metric.startswith(beginnings))


FAMILIES = (
    Family(_named("events_"), _events),
    Family(_named("sales_", "match_rate"), _sales),
    Family(_named("sent_", "delivery_latency_"), _sent),
    Family(_named(_FAILED, "retries", "queue_delay_"), _attempts),
    Family(_named("replays"), _replays),
)
