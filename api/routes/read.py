"""What a tenant may read: conversions (the ledger), deliveries with their attempts, dead letters."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlmodel import select

from api.deps import SessionDep, TenantDep
from tracking_core.delivery.explain import explain_reason
from tracking_core.errors import NotFound
from tracking_core.i18n import translate
from tracking_core.ledger import read as ledger
from tracking_core.models import Delivery, DeliveryState, DispatchAttempt, Match

router = APIRouter(prefix="/api/v1", tags=["read"])
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/conversions")
async def conversions(
    tenant: TenantDep,
    session: SessionDep,
    state: ledger.LedgerState | None = None,
    before: datetime | None = None,
    limit: Limit = 50,
    include_synthetic: bool = False,
) -> dict[str, Any]:
    """The ledger, newest first, with the total of every state; the made-up sales of proofs only when asked for."""
    items = await ledger.sales(
        session, tenant.id, state=state, before=before, limit=limit, include_synthetic=include_synthetic
    )
    return {"items": items, "totals": await ledger.totals(session, tenant.id, include_synthetic=include_synthetic)}


@router.get("/conversions/{conversion_id}")
async def conversion(conversion_id: UUID, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """One sale with its match explained and each of its deliveries with every attempt."""
    found = await ledger.sale(session, tenant.id, conversion_id)
    if found is None:
        raise NotFound(what="conversion")
    match = await session.get(Match, conversion_id)
    query = select(Delivery).where(Delivery.conversion_id == conversion_id)
    deliveries = [await _with_attempts(session, row) for row in (await session.scalars(query)).all()]
    said = _explained(found["reason"]) if found["reason"] else None
    return {**found, "explanation": said, "match": match.model_dump() if match else None, "deliveries": deliveries}


@router.get("/deliveries")
async def deliveries(
    tenant: TenantDep, session: SessionDep, state: DeliveryState | None = None, limit: Limit = 50
) -> dict[str, Any]:
    return {"items": await _listed(session, tenant.id, state, limit)}


@router.get("/dead-letters")
async def dead_letters(tenant: TenantDep, session: SessionDep, limit: Limit = 50) -> dict[str, Any]:
    """Deliveries Meta refused or that ran out of time, each with the reason in Portuguese and English."""
    items = await _listed(session, tenant.id, DeliveryState.DEAD, limit)
    for item in items:
        item["explanation"] = _explained(item["reason"] or "")
    return {"items": items}


async def _listed(session: SessionDep, tenant_id: UUID, state: str | None, limit: int) -> list[dict[str, Any]]:
    query = select(Delivery).where(Delivery.tenant_id == tenant_id)
    if state is not None:
        query = query.where(Delivery.state == state)
    query = query.order_by(Delivery.created_at.desc()).limit(limit)  # type: ignore[attr-defined]
    return [_public(row) for row in (await session.scalars(query)).all()]


def _explained(reason: str) -> dict[str, str]:
    sentence = explain_reason(reason)
    return {"pt-BR": translate(sentence), "en": sentence}


async def _with_attempts(session: SessionDep, delivery: Delivery) -> dict[str, Any]:
    query = select(DispatchAttempt).where(DispatchAttempt.delivery_id == delivery.id)
    attempts = (await session.scalars(query.order_by(DispatchAttempt.started_at))).all()  # type: ignore[arg-type]
    return {**_public(delivery), "attempts": [attempt.model_dump() for attempt in attempts]}


def _public(delivery: Delivery) -> dict[str, Any]:
    return delivery.model_dump(exclude={"payload", "consent_subjects", "lease_id", "leased_at", "tenant_id"})
