"""What is over its limit, and what has a good reason not to be told."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.alerts.day import at, rows
from tests.alerts.traffic import START, Merchant, Sale, merchant, write
from tracking_core.alerts import limits, rhythm
from tracking_core.alerts.findings import Finding
from tracking_core.alerts.registry import Code
from tracking_core.alerts.thresholds import Thresholds, load
from tracking_core.db.engine import transaction
from tracking_core.models import BackfilledItem, ReconciliationRun, Severity
from tracking_core.settings import Settings

Found = dict[str, dict[str, float]]
_NOON = at(12)
_SLOT = (
    "INSERT INTO delivery_slots (connection_id, slot, expires_at, holder) VALUES (:id, 1, :until, gen_random_uuid())"
)
_HOUR_ROW = (
    "INSERT INTO slo_hours (id, objective, tenant_id, scope, at, good, total, excused)"
    " SELECT gen_random_uuid(), 'gateway_silent', :tenant, :scope, h, :n, :n, 0"
    " FROM unnest(CAST(:hours AS timestamptz[])) AS h"
)


async def found(check: Callable[[Any, Thresholds, datetime], Awaitable[list[Finding]]], now: datetime = _NOON) -> Found:
    """The facts by what they are about."""
    async with transaction() as session:
        return {one.key.scope: dict(one.facts) for one in await check(session, await load(session), now)}


async def test_a_queue_is_late_when_nobody_takes_up_what_is_due(database: Settings) -> None:
    one = await merchant("Loja", busiest=1)
    waiting = Sale(one, _NOON - timedelta(seconds=200), 0, is_matched=True)
    waiting.state, waiting.delivered = "waiting", None
    await write([waiting])
    assert set(await found(limits.queue_delay, _NOON - timedelta(seconds=100))) == set()
    assert (await found(limits.queue_delay))["deliveries"]["delay_seconds"] == 199.8
    paused = "UPDATE meta_connections SET paused_until = :until WHERE id = :id"
    for moment, is_late in ((_NOON + timedelta(seconds=1), False), (_NOON - timedelta(seconds=60), False)):
        await rows(paused, until=moment, id=one.connection_id)
        assert bool(await found(limits.queue_delay)) is is_late
    await rows(paused, until=None, id=one.connection_id)
    await rows(_SLOT, until=_NOON + timedelta(seconds=5), id=one.connection_id)
    assert await found(limits.queue_delay) == {}


async def heard(one: Merchant, hours: list[datetime], n: int = 1) -> None:
    await rows(_HOUR_ROW, tenant=one.tenant_id, scope=str(one.endpoint_id), hours=hours, n=n)


async def silent(one: Merchant, now: datetime) -> Severity | None:
    async with transaction() as session:
        findings = await rhythm.find(session, Code.GATEWAY_SILENT, await load(session), now)
    return {finding.key.scope: finding.severity for finding in findings}.get(str(one.endpoint_id))


async def test_of_a_sale_now_and_then_silent_is_twice_the_longest_pause(database: Settings) -> None:
    one = await merchant("Pequena", busiest=1)
    await heard(one, [START - timedelta(days=days) for days in (25, 20, 17, 15, 13, 10)])
    assert await silent(one, START) is None
    assert await silent(one, START + timedelta(days=1)) is Severity.TICKET
    assert await silent(one, START + timedelta(days=19)) is None  # gone


async def test_one_launch_and_one_outage_are_no_rhythm(database: Settings) -> None:
    """The busy hours of three weeks of four make the rhythm, whatever the fourth was; a silence stays one for long."""
    launch, steady = await merchant("Lançamento", busiest=1), await merchant("Constante", busiest=1)
    weeks = {ago: [_NOON - timedelta(days=7 * ago) + timedelta(hours=n) for n in range(4)] for ago in (1, 2, 3, 4)}
    await heard(launch, weeks[2], n=500)
    await heard(steady, [*weeks[1], *weeks[2], *weeks[4], _NOON - timedelta(hours=1)], n=30)
    for after, severity in (
        (timedelta(minutes=10), None),
        (timedelta(minutes=40), Severity.PAGE),
        (timedelta(days=20), Severity.PAGE),
    ):
        assert await silent(steady, _NOON + after) is severity
    assert await silent(launch, _NOON) is None
    assert await silent(await unknown(steady.tenant_id), _NOON) is None


async def listed(one: Merchant, at: datetime) -> None:
    """A sale of that moment that the gateway's list brought."""
    sale = Sale(one, at, 1, is_matched=True)
    await write([sale])
    [event] = await rows("SELECT webhook_id FROM sale_events WHERE conversion_id = :id", id=sale.id)
    whose: dict[str, Any] = {"tenant_id": one.tenant_id, "endpoint_id": one.endpoint_id}
    async with transaction() as session:
        run = ReconciliationRun(gateway="hotmart", kind="hourly", actor="test", since=at, until=at, **whose)
        session.add(run)
        await session.flush()
        brought: dict[str, Any] = {"run_id": run.id, "reason": "missing", "sale_id": str(sale.id), "created_at": at}
        session.add(BackfilledItem(**event, **brought, **whose))


async def test_a_gateway_that_was_never_heard_of_is_told_once_its_list_brings_what_it_should_have_told(
    database: Settings,
) -> None:
    one = await merchant("Hotmart", busiest=1)
    await rows("UPDATE webhook_endpoints SET created_at = :at", at=_NOON)
    proof = Sale(one, _NOON + timedelta(minutes=1), 1, is_matched=True)
    await write([proof])
    await rows("UPDATE conversions SET is_synthetic = true")
    await listed(one, _NOON - timedelta(hours=1))  # nobody could have told it here
    assert await silent(one, _NOON + timedelta(hours=1)) is None
    await listed(one, _NOON + timedelta(hours=1))
    assert await silent(one, _NOON + timedelta(hours=2)) is Severity.TICKET
    async with transaction() as session:
        [finding] = await rhythm.find(session, Code.GATEWAY_SILENT, await load(session), _NOON + timedelta(hours=2))
    assert {name: finding.facts[name] for name in ("silent_minutes", "listed")} == {"silent_minutes": 120, "listed": 1}
    assert await silent(one, _NOON + timedelta(days=30)) is None  # gone
    await write([Sale(one, _NOON + timedelta(hours=2), 1, is_matched=True)])
    assert await silent(one, _NOON + timedelta(hours=3)) is None


async def test_nobody_misses_the_visits_of_a_shop_that_closed(database: Settings) -> None:
    one = await merchant("Fechada", busiest=1)
    days = [START - timedelta(days=days) for days in (25, 20, 17, 15, 13, 10)]
    await rows(_HOUR_ROW.replace("gateway", "browser"), tenant=one.tenant_id, scope="", hours=days, n=1)
    for is_found, close in ((True, "UPDATE tenants SET closed_at = now()"), (False, "SELECT 1")):
        async with transaction() as session:
            findings = await rhythm.find(session, Code.BROWSER_SILENT, await load(session), at(24))
        assert bool(findings) is is_found
        await rows(close)


async def unknown(tenant_id: UUID) -> Merchant:
    """An endpoint that was never heard of, and of which its list says nothing."""
    [row] = await rows(
        "INSERT INTO webhook_endpoints (id, tenant_id, gateway, endpoint_key, secret)"
        " VALUES (gen_random_uuid(), :tenant, 'kiwify', 'never', '') RETURNING id",
        tenant=tenant_id,
    )
    return Merchant(tenant_id, row["id"], row["id"], 1)
