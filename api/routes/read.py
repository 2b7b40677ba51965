"""What a tenant may read: conversions (the ledger), deliveries with their attempts, dead letters.

Lists are the newest first, in pages: ``next`` holds the ``before`` and ``before_id`` of the following one, None on the
last. Of what was made at once, as the sales of one batch are, ``before`` alone leaves out what had no room on a page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, literal, tuple_
from sqlmodel import col, select

from api.deps import SessionDep, TenantDep
from tracking_core.delivery.explain import explain_reason
from tracking_core.delivery.replay_selection import Moment
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.i18n import translate
from tracking_core.ledger import read as ledger
from tracking_core.models import Delivery, DeliveryState, DispatchAttempt, Match
from tracking_core.reporting.in_time import in_time

router = APIRouter(prefix="/api/v1", tags=["read"])
_HALF_A_PLACE = "Give both before and before_id, as the last page said them."


class ListQuery(BaseModel):
    """``before`` may stand alone: it is then only what was made earlier."""

    model_config = ConfigDict(hide_input_in_errors=True)

    before: Moment | None = None
    before_id: UUID | None = None
    limit: int = Field(default=50, ge=1, le=500)

    def checked(self) -> None:
        """Raises InvalidRequest for an id without its time."""
        if self.before_id is not None and self.before is None:
            raise InvalidRequest([{"field": "before", "code": "missing", "message": _HALF_A_PLACE}])


class ConversionsQuery(ListQuery):
    state: ledger.LedgerState | None = None
    include_synthetic: bool = False


class DeliveriesQuery(ListQuery):
    state: DeliveryState | None = None


@router.get("/conversions")
async def conversions(
    asked: Annotated[ConversionsQuery, Query()], tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """The ledger, newest first; the made-up sales of proofs only when asked for. ``totals``, how many sales are in each
    state, come with the first page; they are null on those after it, and when counting takes more than seconds."""
    asked.checked()
    found = await ledger.sales(session, tenant.id, **{**asked.model_dump(), "limit": asked.limit + 1})
    return {**_page(found, asked.limit), "totals": None if asked.before else await _totals(session, tenant.id, asked)}


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
    asked: Annotated[DeliveriesQuery, Query()], tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """What is on its way to Meta and what became of the rest, newest first."""
    return _page(await _listed(session, tenant.id, asked.state, asked), asked.limit)


@router.get("/dead-letters")
async def dead_letters(asked: Annotated[ListQuery, Query()], tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """Deliveries Meta refused or that ran out of time, each with the reason in Portuguese and English."""
    page = _page(await _listed(session, tenant.id, DeliveryState.DEAD, asked), asked.limit)
    for item in page["items"]:
        item["explanation"] = _explained(item["reason"] or "")
    return page


async def _totals(session: SessionDep, tenant_id: UUID, asked: ConversionsQuery) -> dict[str, int] | None:
    return await in_time(session, lambda: ledger.totals(session, tenant_id, include_synthetic=asked.include_synthetic))


async def _listed(
    session: SessionDep, tenant_id: UUID, state: DeliveryState | None, asked: ListQuery
) -> list[dict[str, Any]]:
    """One more than was asked for, if there is."""
    asked.checked()
    query = select(Delivery).where(Delivery.tenant_id == tenant_id)
    if state is not None:
        # As text, because the index of dead letters is used only for what is plainly among them.
        query = query.where(col(Delivery.state) == literal(state.value, literal_execute=True))
    if asked.before is not None:
        query = query.where(_after(asked.before, asked.before_id))
    query = query.order_by(col(Delivery.created_at).desc(), col(Delivery.id).desc()).limit(asked.limit + 1)
    return [_public(row) for row in (await session.scalars(query)).all()]


def _after(before: datetime, before_id: UUID | None) -> ColumnElement[bool]:
    if before_id is None:
        return col(Delivery.created_at) < before
    return tuple_(col(Delivery.created_at), col(Delivery.id)) < (before, before_id)


def _page(found: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
    items = list(found[:limit])
    more = {"before": items[-1]["created_at"], "before_id": items[-1]["id"]} if len(found) > limit else None
    return {"items": items, "next": more}


def _explained(reason: str) -> dict[str, str]:
    sentence = explain_reason(reason)
    return {"pt-BR": translate(sentence), "en": sentence}


async def _with_attempts(session: SessionDep, delivery: Delivery) -> dict[str, Any]:
    query = select(DispatchAttempt).where(DispatchAttempt.delivery_id == delivery.id)
    attempts = (await session.scalars(query.order_by(DispatchAttempt.started_at))).all()  # type: ignore[arg-type]
    return {**_public(delivery), "attempts": [attempt.model_dump() for attempt in attempts]}


def _public(delivery: Delivery) -> dict[str, Any]:
    return delivery.model_dump(exclude={"payload", "consent_subjects", "lease_id", "leased_at", "tenant_id"})
