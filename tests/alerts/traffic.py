"""A day of several tenants as rows, made in bulk: every sale with all that the pipeline writes of it."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from tracking_core.db import bulk
from tracking_core.db.engine import transaction
from tracking_core.db.partitions import ensure_partitions
from tracking_core.kit.ids import new_id
from tracking_core.models import AlertProgress, MetaConnection, SloHour, SloMinute, TrackingEvent, WebhookEndpoint
from tracking_core.tenants import service as tenants

# A Wednesday.
START = datetime(2026, 11, 25, tzinfo=UTC)
_HOUR, _MINUTE, _WEEKS = timedelta(hours=1), timedelta(minutes=1), 4
# Sales by the hour of the day, UTC, as a share of the busiest: night is in Brazil from 3 to 10.
RHYTHM = (60, 45, 25, 12, 8, 6, 6, 6, 8, 15, 40, 70, 80, 85, 85, 85, 90, 90, 90, 90, 95, 100, 100, 80)
MATCHED = 0.6
_SALES = """
WITH sale AS MATERIALIZED (SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, webhook uuid, delivery uuid, tenant uuid, endpoint uuid, connection uuid, received timestamptz,
    planned timestamptz, delivered timestamptz, due timestamptz, state text, webhook_state text, rule text)),
webhooks AS (INSERT INTO received_webhooks (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts,
        received_at, due_at)
    SELECT webhook, tenant, endpoint, 'hotmart', '', uuid_send(id), webhook_state, 0, received, received FROM sale),
sales AS (INSERT INTO conversions (id, tenant_id, endpoint_id, gateway, sale_id, status, event_name, event_id,
        occurred_at, is_renewal, is_order_bump, user_data, facts, consent_subjects, decision, created_at)
    SELECT id, tenant, endpoint, 'hotmart', id::text, 'approved', 'Purchase', id, received, false, false, '{}', '{}',
        '{}', 'planned', planned FROM sale RETURNING id),
events AS (INSERT INTO sale_events (id, tenant_id, endpoint_id, webhook_id, conversion_id, external_event_id, kind,
        occurred_at)
    SELECT gen_random_uuid(), tenant, endpoint, webhook, id, id::text, 'approved', received FROM sale),
matched AS (INSERT INTO matches (conversion_id, tenant_id, rule, score, threshold, candidates, missing, matched_at)
    SELECT id, tenant, rule, 1, 0.6, '[]', '[]', planned FROM sale)
INSERT INTO deliveries (id, tenant_id, connection_id, conversion_id, event_name, event_id, event_time, payload, state,
    attempts, due_at, delivered_at, created_at)
SELECT delivery, tenant, connection, id, 'Purchase', id::text, received, '', state, 0, due, delivered, planned FROM sale
"""
_ATTEMPTS = """
INSERT INTO dispatch_attempts (id, delivery_id, tenant_id, connection_id, request_id, batch_size, started_at,
    latency_ms, outcome, ambiguous)
SELECT gen_random_uuid(), r.delivery, r.tenant, r.connection, gen_random_uuid(), 1, r.at, 200, r.outcome, false
FROM json_to_recordset(CAST(:rows AS json)) AS r(delivery uuid, tenant uuid, connection uuid, at timestamptz,
    outcome text)
"""


@dataclass(frozen=True)
class Merchant:
    """``busiest`` sales an hour at the day's best."""

    tenant_id: UUID
    endpoint_id: UUID
    connection_id: UUID
    busiest: float

    def sales_an_hour(self, at: datetime) -> float:
        return self.busiest * RHYTHM[at.hour] / 100


@dataclass
class Sale:
    """As it goes when nothing is wrong; an incident changes it before it is written."""

    merchant: Merchant
    received: datetime
    seconds: float
    is_matched: bool
    is_heard: bool = True
    planned: datetime = field(init=False)
    delivered: datetime | None = field(init=False)
    due: datetime = field(init=False)
    state: str = "delivered"
    webhook_state: str = "processed"
    attempts: list[tuple[datetime, str]] = field(default_factory=list)
    id: UUID = field(default_factory=new_id)
    delivery_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.planned = self.due = self.received + timedelta(seconds=0.2)
        self.delivered = self.received + timedelta(seconds=self.seconds)
        self.attempts = [(self.delivered, "accepted")]


async def merchant(name: str, *, busiest: float) -> Merchant:
    """Long with us: its history is written by ``remember``."""
    async with transaction() as session:
        made = await tenants.create(session, name, actor="test")
        connection: MetaConnection = await tenants.connect_meta(
            session, made.tenant_id, "1234567890", "EAAtesttoken", actor="test"
        )
        endpoint: WebhookEndpoint = await tenants.connect_gateway(
            session, made.tenant_id, "hotmart", "webhook-secret", actor="test"
        )
    return Merchant(made.tenant_id, endpoint.id, connection.id, busiest)


async def remember(merchants: Sequence[Merchant], chance: random.Random) -> None:
    """Four weeks before the day as the counts they left, and the evaluation come up to the day's beginning."""
    hours = [START - n * _HOUR for n in range(1, _WEEKS * 7 * 24 + 1)]
    rows = [row for one in merchants for at in hours for row in _counts(one, at, chance)]
    minutes = [{**row, "id": new_id(), "at": START - _MINUTE} for row in rows if row["at"] == hours[0]]
    async with transaction() as session:
        await ensure_partitions(session, START)
        await bulk.insert(session, SloHour, rows)
        await bulk.insert(session, SloMinute, [{**row, "good": 1, "total": 1} for row in minutes])
        await session.execute(text(_HUBS))
        session.add(AlertProgress(name="counted", at=START))


_HUBS = """
INSERT INTO slo_hours (id, objective, tenant_id, scope, at, good, total, excused)
SELECT gen_random_uuid(), objective, NULL, '', at, sum(good), sum(total), 0 FROM slo_hours
WHERE objective IN ('sales_at_meta', 'capi_errors') GROUP BY objective, at
"""


def _counts(one: Merchant, at: datetime, chance: random.Random) -> Iterable[dict[str, Any]]:
    sales = poisson(chance, one.sales_an_hour(at))
    matched = sum(chance.random() < MATCHED for _ in range(sales))
    connection, endpoint = str(one.connection_id), str(one.endpoint_id)
    visits = poisson(chance, 10 * one.sales_an_hour(at))
    for objective, scope, good, total in (
        ("sales_at_meta", connection, sales, sales),
        ("capi_errors", connection, sales, sales),
        ("match_rate_drop", "", matched, sales),
        ("gateway_silent", endpoint, sales, sales),
        ("browser_silent", "", visits, visits),
    ):
        if total:
            yield {
                "id": new_id(),
                "objective": objective,
                "tenant_id": one.tenant_id,
                "scope": scope,
                "at": at,
                "good": good,
                "total": total,
                "excused": 0,
            }


def poisson(chance: random.Random, mean: float) -> int:
    """How many of so many on average: arrivals with exponential pauses."""
    count, clock = 0, chance.expovariate(1)
    while clock < mean:
        count, clock = count + 1, clock + chance.expovariate(1)
    return count


def sales_of(one: Merchant, chance: random.Random, *, hours: int = 24) -> list[Sale]:
    """A normal day, with what is normal: Meta takes a moment or some seconds, and a few tries fail for a moment."""
    found = []
    for hour in (START + n * _HOUR for n in range(hours)):
        for _ in range(poisson(chance, one.sales_an_hour(hour))):
            received = hour + chance.random() * _HOUR
            seconds = min(0.3 + chance.lognormvariate(-0.5, 1.0), 40)
            found.append(Sale(one, received, seconds, chance.random() < MATCHED))
            if chance.random() < 0.003:
                found[-1].attempts.insert(0, (received + timedelta(seconds=0.3), "transient"))
    return found


async def write(sales: Sequence[Sale]) -> None:
    rows = [
        {
            "id": one.id,
            "webhook": new_id(),
            "delivery": one.delivery_id,
            "tenant": one.merchant.tenant_id,
            "endpoint": one.merchant.endpoint_id,
            "connection": one.merchant.connection_id,
            "received": one.received,
            "planned": one.planned,
            "delivered": one.delivered,
            "due": one.due,
            "state": one.state,
            "webhook_state": one.webhook_state,
            "rule": "click_id" if one.is_matched else "none",
        }
        for one in sales
        if one.is_heard
    ]
    tries = [
        {
            "delivery": one.delivery_id,
            "tenant": one.merchant.tenant_id,
            "connection": one.merchant.connection_id,
            "at": at,
            "outcome": outcome,
        }
        for one in sales
        if one.is_heard
        for at, outcome in one.attempts
    ]
    async with transaction() as session:
        for statement, given in ((_SALES, rows), (_ATTEMPTS, tries)):
            await session.execute(text(statement), {"rows": orjson.dumps(given).decode()})


async def write_visits(merchants: Sequence[Merchant], chance: random.Random, *, hours: int = 24) -> None:
    """Page views of people, ten for each sale."""
    rows = [
        {
            "id": new_id(),
            "received_at": hour + chance.random() * _HOUR,
            "tenant_id": one.tenant_id,
            "kind": "pageview",
            "event_id": str(new_id()),
            "url": "https://shop.example/",
            "is_bot": 0,
        }
        for one in merchants
        for hour in (START + n * _HOUR for n in range(hours))
        for _ in range(poisson(chance, 10 * one.sales_an_hour(hour)))
    ]
    async with transaction() as session:
        await bulk.insert(session, TrackingEvent, rows)
