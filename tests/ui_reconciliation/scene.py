"""A shop whose platform was read: days that are equal, days that are not, and readings of every kind."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ANA, BETO, open_shop, sell
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    BackfilledItem,
    BackfillReason,
    GatewaySale,
    ReconciliationRun,
    Role,
    RunKind,
    RunState,
    WebhookEndpoint,
)
from tracking_core.reconciliation.window import day_of, midnight
from tracking_core.settings import Settings
from tracking_core.users import links
from tracking_core.users import service as users


@dataclass(frozen=True)
class Scene:
    """``operator`` and ``seller`` are links that let them in, once; ``run_id`` is of Ana's done reading."""

    ana: Shop
    operator: str
    seller: str
    run_id: UUID
    failed_id: UUID


async def play(settings: Settings) -> Scene:
    ana = await open_shop(settings, ANA, "1000000001")
    beto = await open_shop(settings, BETO, "2000000002")
    run_id, failed_id = await compared(ana), await _failed(beto)
    async with transaction() as session:
        olga = await users.invite(session, "olga@example.com", "Olga", Role.OPERATOR, actor="test")
        maria = await users.invite(
            session, "ana@example.com", "Ana", Role.SELLER, actor="test", tenants=[ana.tenant_id]
        )
        operator, seller = [
            f"/sign-in/link/{await links.issue(session, one, now=clock.now())}" for one in (olga, maria)
        ]
    return Scene(ana, operator, seller, run_id, failed_id)


async def compared(shop: Shop) -> UUID:
    """One sale that is equal, one that only we have, one of another amount, one that only the list has."""
    now = clock.now()
    await sell(shop, "HP-same", "HP-ours", "HP-dear", occurred_at=now - timedelta(days=1), amount="197.90")
    async with transaction() as session:
        endpoint = await _endpoint(session, shop)
        run = _run(endpoint, now, state=RunState.DONE, found=3, known=2, missing=1, unreadable=1, differences=3)
        session.add(run)
        await session.flush()
        for sale_id, amount in (("HP-same", "197.90"), ("HP-dear", "1997.90"), ("HP-lost", "1234.56")):
            session.add(_listed(endpoint, sale_id, amount, now))
        bad = "purchase.price.value: must be an amount of money"
        items: list[dict[str, Any]] = [
            {"reason": BackfillReason.MISSING, "sale_id": "HP-lost"},
            {"reason": BackfillReason.UNREADABLE, "problem": bad},
        ]
        for more in items:
            known: dict[str, Any] = {"tenant_id": shop.tenant_id, "endpoint_id": endpoint.id, "run_id": run.id}
            session.add(BackfilledItem(webhook_id=new_id(), **known, **more))
    return run.id


async def _failed(shop: Shop) -> UUID:
    now = clock.now()
    async with transaction() as session:
        endpoint = await _endpoint(session, shop)
        run = _run(endpoint, now, state=RunState.FAILED, code="gateway_wrong_credentials")
        session.add(run)
        session.add(_run(endpoint, now, state=RunState.READING, code="gateway_rate_limited", kind=RunKind.HOURLY))
    return run.id


async def _endpoint(session: AsyncSession, shop: Shop) -> WebhookEndpoint:
    query = select(WebhookEndpoint).where(
        col(WebhookEndpoint.tenant_id) == shop.tenant_id, col(WebhookEndpoint.gateway) == "hotmart"
    )
    return (await session.scalars(query)).one()


def _run(endpoint: WebhookEndpoint, now: datetime, *, state: RunState, **more: Any) -> ReconciliationRun:
    known: dict[str, Any] = {
        "tenant_id": endpoint.tenant_id,
        "endpoint_id": endpoint.id,
        "gateway": endpoint.gateway,
        "kind": RunKind.DAILY,
        "actor": "scheduler",
        "since": midnight(day_of(now) - timedelta(days=2)),
        "until": now,
        "due_at": now + timedelta(minutes=5),
        "created_at": now - timedelta(minutes=1),
        "finished_at": None if state is RunState.READING else now,
    }
    return ReconciliationRun(**{**known, "state": state, **more})


def _listed(endpoint: WebhookEndpoint, sale_id: str, amount: Any, now: datetime) -> GatewaySale:
    return GatewaySale(
        endpoint_id=endpoint.id,
        sale_id=sale_id,
        tenant_id=endpoint.tenant_id,
        status="approved",
        said_status="APPROVED",
        amount=amount,
        currency="BRL",
        ordered_at=now - timedelta(days=1),
        seen_at=now,
    )
