"""Second stage: bring each sale forward. Repeats are seen by the gateway's event id; a state never goes back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.consent.subjects import subjects_of
from tracking_core.db import bulk
from tracking_core.destinations.meta_capi.user_data import Person, build_user_data
from tracking_core.gateways.sale_event import SaleEvent, SaleEventKind
from tracking_core.identity.labels import without_contact
from tracking_core.kit.ids import new_id, stable_id
from tracking_core.models import UNDONE_STATUSES, Conversion, ConversionStatus, SaleEventRow
from tracking_core.pipeline import traces
from tracking_core.pipeline.stages import Sale, Work
from tracking_core.pipeline.undone import told_elsewhere, undone_with
from tracking_core.proof.announce import Announced, announced_among

PURCHASE = "Purchase"
RENEWAL = "SubscriptionRenewal"

_STATUS = {
    SaleEventKind.PENDING: ConversionStatus.PENDING,
    SaleEventKind.REFUSED: ConversionStatus.REFUSED,
    SaleEventKind.EXPIRED: ConversionStatus.EXPIRED,
    SaleEventKind.APPROVED: ConversionStatus.APPROVED,
    SaleEventKind.COMPLETED: ConversionStatus.APPROVED,
    SaleEventKind.REFUNDED: ConversionStatus.REFUNDED,
    SaleEventKind.CHARGEBACK: ConversionStatus.CHARGEBACK,
}
_UNDOING = (SaleEventKind.REFUNDED, SaleEventKind.CHARGEBACK)
PAID = (ConversionStatus.APPROVED, *UNDONE_STATUSES)


async def advance(session: AsyncSession, batch: Sequence[Work], now: datetime) -> list[Sale]:
    """Record every sale event once and move its conversion; returns the conversions touched, locked."""
    events = [work for work in batch if isinstance(work.said, SaleEvent)]
    announced = await announced_among(session, [_named(work) for work in events])
    conversions = await _locked(session, events, announced)
    fresh = await _recorded(session, events, conversions)
    touched: dict[UUID, Sale] = {}
    for work in events:
        said = work.said
        assert isinstance(said, SaleEvent)
        conversion = conversions.get((work.endpoint_id, said.sale_id or ""))
        if work.webhook_id not in fresh:
            work.outcome = "repeated"
        elif conversion is None:
            work.outcome = "no_sale"
        else:
            work.conversion = conversion
            traces.join(conversion, work)
            work.outcome = _apply(conversion, said, work, now)
            # What was once a real sale stays one, whatever was announced since.
            ours = announced.get(_named(work)) if conversion.is_synthetic else None
            touched[conversion.id] = Sale(conversion, work.rules, ours)
            for other in undone_with(conversion, conversions.values(), now):
                touched.setdefault(other.id, Sale(other, work.rules, ours if other.is_synthetic else None))
    return list(touched.values())


def _named(work: Work) -> tuple[UUID, str, str]:
    """Tenant, gateway and sale id of a webhook that is a sale event."""
    assert isinstance(work.said, SaleEvent)
    return work.rules.tenant_id, work.said.gateway, work.said.sale_id or ""


async def _locked(
    session: AsyncSession, events: Sequence[Work], announced: Announced
) -> dict[tuple[UUID, str], Conversion]:
    """The conversions of the events, made where missing, locked in one order so that workers never deadlock."""
    stubs = {
        (work.endpoint_id, work.said.sale_id): _stub(work, work.said, is_synthetic=_named(work) in announced)
        for work in events
        if isinstance(work.said, SaleEvent) and work.said.sale_id and work.said.kind in _STATUS
    }
    named = {(work.endpoint_id, work.said.sale_id) for work in events if isinstance(work.said, SaleEvent)}
    if stubs:
        ordered = [stubs[key] for key in sorted(stubs, key=str)]
        await bulk.insert(session, Conversion, ordered)
    mentioned: ColumnElement[bool] = tuple_(Conversion.endpoint_id, Conversion.sale_id).in_(
        [key for key in named if key[1]]
    )
    undoing = {_named(work) for work in events if isinstance(work.said, SaleEvent) and work.said.kind in _UNDOING}
    if others := await told_elsewhere(session, undoing):
        mentioned = or_(mentioned, Conversion.id.in_(others))  # type: ignore[attr-defined]
    query = (
        select(Conversion)
        .where(mentioned)
        .order_by(Conversion.id)  # type: ignore[arg-type]
        .with_for_update()
    )
    return {(row.endpoint_id, row.sale_id): row for row in (await session.scalars(query)).all()}


def _stub(work: Work, said: SaleEvent, *, is_synthetic: bool) -> dict[str, Any]:
    event_name = RENEWAL if said.is_renewal else PURCHASE
    return {
        "id": new_id(),
        "tenant_id": work.rules.tenant_id,
        "endpoint_id": work.endpoint_id,
        "gateway": said.gateway,
        "sale_id": said.sale_id,
        "status": ConversionStatus.PENDING,
        "event_name": event_name,
        "event_id": event_id_of(work.rules.tenant_id, said.gateway, said.sale_id or "", event_name),
        "occurred_at": said.occurred_at,
        "user_data": {},
        "facts": {},
        "consent_subjects": [],
        "decision": "undecided",
        "is_renewal": said.is_renewal,
        "is_order_bump": said.is_order_bump,
        "is_synthetic": is_synthetic,
    }


def event_id_of(tenant_id: UUID, gateway: str, sale_id: str, event_name: str) -> UUID:
    """The id under which Meta hears of this sale: the same on any machine, however often it is computed."""
    return stable_id(tenant_id, gateway, sale_id, event_name)


async def _recorded(
    session: AsyncSession, events: Sequence[Work], conversions: dict[tuple[UUID, str], Conversion]
) -> set[UUID]:
    """Insert the events; the ids of the webhooks whose event was not known before."""
    rows = []
    for work in events:
        said = work.said
        assert isinstance(said, SaleEvent)
        conversion = conversions.get((work.endpoint_id, said.sale_id or ""))
        rows.append(
            {
                "id": new_id(),
                "tenant_id": work.rules.tenant_id,
                "endpoint_id": work.endpoint_id,
                "webhook_id": work.webhook_id,
                "conversion_id": conversion.id if conversion else None,
                "external_event_id": said.external_event_id,
                "kind": said.kind,
                "occurred_at": said.occurred_at,
            }
        )
    return {webhook_id for (webhook_id,) in await bulk.insert(session, SaleEventRow, rows, returning="webhook_id")}


def _apply(conversion: Conversion, said: SaleEvent, work: Work, now: datetime) -> str:
    """Take the event's news into the conversion; what came too late only fills gaps."""
    status = _STATUS.get(said.kind)
    if status is None:
        return "noted"
    is_news = not conversion.user_data or status.rank > ConversionStatus(conversion.status).rank
    if status is ConversionStatus.APPROVED and conversion.approved_at is None:
        conversion.approved_at = said.occurred_at
    _fill(conversion, said, work.rules.country)
    conversion.updated_at = now
    if not is_news:
        return "outdated"
    conversion.status = max(status, ConversionStatus(conversion.status), key=lambda one: one.rank)
    conversion.occurred_at = said.occurred_at
    return "advanced"


def _fill(conversion: Conversion, said: SaleEvent, country: str) -> None:
    """Facts the conversion lacks; the first word on money and buyer stands, so a resend never changes a sale."""
    if conversion.amount is None and said.value is not None:
        conversion.amount, conversion.currency = said.value.amount, said.value.currency
    for name in ("parent_sale_id", "payment_method", "product_id", "product_name"):
        if getattr(conversion, name) is None:
            setattr(conversion, name, getattr(said, name))
    user_data = build_user_data(_person(said, country))
    conversion.user_data = {**user_data, **conversion.user_data}
    conversion.facts = {**_facts(said), **conversion.facts}
    known = {*conversion.consent_subjects, *_subjects(conversion.user_data)}
    conversion.consent_subjects = sorted(known, key=str)


def buyer_subjects(said: SaleEvent, country: str) -> tuple[UUID, ...]:
    """Who the buyer is, as the ``consent_subjects`` of their sales have it; ``country`` completes a phone."""
    return _subjects(build_user_data(_person(said, country)))


def _subjects(user_data: Mapping[str, Any]) -> tuple[UUID, ...]:
    hashes = [user_data.get(key, [None]) for key in ("em", "ph")]
    email, phone = (value[0] if isinstance(value, list) else value for value in hashes)
    return subjects_of(email_hash=email, phone_hash=phone)


def _person(said: SaleEvent, country: str) -> Person:
    buyer = said.buyer
    return Person(
        emails=(buyer.email,) if buyer.email else (),
        phones=(buyer.phone,) if buyer.phone else (),
        full_name=buyer.full_name,
        first_name=buyer.first_name,
        last_name=buyer.last_name,
        city=buyer.city,
        state=buyer.state,
        zip_code=buyer.zip_code,
        country=buyer.country,
        client_ip=buyer.ip,
        default_country=country,
    )


def _facts(said: SaleEvent) -> dict[str, Any]:
    facts = {
        "carriers": {name: without_contact(value) for name, value in said.tracking.carriers.items()},
        "utm": {name: without_contact(value) for name, value in said.tracking.utm.items()},
        "ordered_at": said.ordered_at.isoformat() if said.ordered_at else None,
        "offer_id": said.offer_id,
        "subscription_id": said.subscription_id,
        "recurrence_number": said.recurrence_number,
        "installments": said.installments,
        "net_value": str(said.net_value.amount) if said.net_value else None,
        "reason": said.reason,
        "buyer_ip": said.buyer.ip,
    }
    return {key: value for key, value in facts.items() if value}
