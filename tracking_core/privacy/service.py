"""Requests about a person: ask what there is, approve just that, see what became of it.

The identifier stands in the request as a keyed fingerprint. In clear it is sealed with the tenant's key, together with
what was found, and dropped when the request ends.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import webhook_keys
from tracking_core.privacy.closure import locate
from tracking_core.privacy.errors import PlanChanged, RequestNotOpen
from tracking_core.privacy.identifiers import Identifier
from tracking_core.privacy.person import Person, packed, unpacked
from tracking_core.privacy.plan import Plan, plan_for
from tracking_core.privacy.sealed import request_context
from tracking_core.tenants.lookup import cipher_of

OPEN_FOR = timedelta(days=7)
_OPEN = (PrivacyState.PLANNED, PrivacyState.RUNNING)


async def ask(
    session: AsyncSession, tenant_id: UUID, identifier: Identifier, *, actor: str, now: datetime
) -> PrivacyRequest:
    """The plan as it is now; nothing else is changed. What is asked for again is planned anew in the same request, and
    while that runs it is answered as it stands. Raises PersonTooWide."""
    await webhook_keys.read_all(tenant_id)
    tenant = await _locked(session, tenant_id)
    row = await _open(session, tenant, identifier)
    if row is not None and row.state == PrivacyState.RUNNING:
        return row
    person, plan = await _planned(session, tenant, identifier)
    if row is None:
        row = PrivacyRequest(
            tenant_id=tenant_id,
            kind=identifier.kind,
            fingerprint=identifier.fingerprint(cipher_of(tenant)),
            plan_hash=plan.hash,
            requested_by=actor,
            created_at=now,
            expires_at=now + OPEN_FOR,
        )
        session.add(row)
        record(session, actor=actor, action="privacy.planned", subject=str(row.id), tenant_id=tenant_id, rows=plan.rows)
    _keep(row, tenant, person, plan)
    row.expires_at = now + OPEN_FOR
    await session.flush()
    return row


async def approve(
    session: AsyncSession,
    tenant_id: UUID | None,
    request_id: UUID,
    *,
    plan_hash: str,
    approved_by: str,
    actor: str,
    now: datetime,
) -> PrivacyRequest:
    """Make it due, if what would be done is just what the hash says. ``approved_by`` is a person's name. ``tenant_id``
    None is an operator's. Raises NotFound, RequestNotOpen, PlanChanged."""
    row = await find(session, request_id, tenant_id=tenant_id)
    await webhook_keys.read_all(row.tenant_id)
    tenant = await _locked(session, row.tenant_id)
    await session.refresh(row, with_for_update=True)
    if row.state != PrivacyState.PLANNED or row.expires_at <= now or row.sealed is None:
        raise RequestNotOpen
    person, plan = await _planned(session, tenant, _person_in(row, tenant).identifier)
    if plan_hash != plan.hash:
        raise PlanChanged
    _keep(row, tenant, person, plan)
    row.state, row.approved_by, row.approved_at = PrivacyState.RUNNING, approved_by, now
    subject = str(row.id)
    record(session, actor=actor, action="privacy.approved", subject=subject, tenant_id=tenant.id, plan=plan.hash)
    return row


async def planned_for(session: AsyncSession, tenant_id: UUID, identifier: Identifier) -> PrivacyRequest:
    """The open request about this person. Raises RequestNotOpen when nobody asked yet."""
    row = await _open(session, await _locked(session, tenant_id), identifier)
    if row is None:
        raise RequestNotOpen
    return row


async def plan_again(session: AsyncSession, tenant_id: UUID | None, request_id: UUID, *, now: datetime) -> None:
    """What is so now, in the place of the plan that no longer is. Raises NotFound, RequestNotOpen."""
    row = await find(session, request_id, tenant_id=tenant_id)
    tenant = await _locked(session, row.tenant_id)
    await session.refresh(row, with_for_update=True)
    if row.state != PrivacyState.PLANNED or row.sealed is None:
        raise RequestNotOpen
    person, plan = await _planned(session, tenant, _person_in(row, tenant).identifier)
    _keep(row, tenant, person, plan)
    row.expires_at = now + OPEN_FOR


async def find(session: AsyncSession, request_id: UUID, *, tenant_id: UUID | None) -> PrivacyRequest:
    """Raises NotFound, for another tenant's too. ``tenant_id`` None is anybody's."""
    row = await session.get(PrivacyRequest, request_id)
    if row is None or tenant_id not in (None, row.tenant_id):
        raise NotFound(what="privacy request")
    return row


async def newest(
    session: AsyncSession, *, tenant_id: UUID | None, before: datetime | None = None, limit: int = 50
) -> Sequence[PrivacyRequest]:
    """Newest first; ``before`` is the ``created_at`` of the last one seen."""
    query = select(PrivacyRequest)
    if tenant_id is not None:
        query = query.where(PrivacyRequest.tenant_id == tenant_id)
    if before is not None:
        query = query.where(col(PrivacyRequest.created_at) < before)
    ordered = query.order_by(col(PrivacyRequest.created_at).desc(), col(PrivacyRequest.id).desc())
    return (await session.scalars(ordered.limit(limit))).all()


async def shops(session: AsyncSession, *, limit: int = 1_000) -> Sequence[Tenant]:
    """The open ones by name: whoever asks for any shop's person chooses one."""
    query = select(Tenant).where(col(Tenant.closed_at).is_(None)).order_by(col(Tenant.name), col(Tenant.id))
    return (await session.scalars(query.limit(limit))).all()


async def expire(now: datetime) -> int:
    """End the plans that nobody approved in time; what was sealed goes."""
    ended = (
        update(PrivacyRequest)
        .where(col(PrivacyRequest.state) == PrivacyState.PLANNED, col(PrivacyRequest.expires_at) <= now)
        .values(state=PrivacyState.EXPIRED, sealed=None, finished_at=now)
    )
    async with transaction() as session:
        result = await session.execute(ended)
    return int(result.rowcount)  # type: ignore[attr-defined]


async def _locked(session: AsyncSession, tenant_id: UUID) -> Tenant:
    """One at a time plans for a tenant; sales go on."""
    found = select(Tenant).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    tenant = (await session.scalars(found)).first()
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


async def _open(session: AsyncSession, tenant: Tenant, identifier: Identifier) -> PrivacyRequest | None:
    query = select(PrivacyRequest).where(
        PrivacyRequest.tenant_id == tenant.id,
        PrivacyRequest.kind == identifier.kind,
        PrivacyRequest.fingerprint == identifier.fingerprint(cipher_of(tenant)),
        col(PrivacyRequest.state).in_(_OPEN),
    )
    return (await session.scalars(query.with_for_update())).first()


async def _planned(session: AsyncSession, tenant: Tenant, identifier: Identifier) -> tuple[Person, Plan]:
    person = await locate(session, tenant, identifier)
    return person, await plan_for(session, tenant, person, identifier.fingerprint(cipher_of(tenant)))


def _keep(row: PrivacyRequest, tenant: Tenant, person: Person, plan: Plan) -> None:
    row.plan, row.plan_hash = plan.to_json(), plan.hash
    row.sealed = cipher_of(tenant).encrypt(packed(person), request_context(row.id))


def _person_in(row: PrivacyRequest, tenant: Tenant) -> Person:
    return unpacked(cipher_of(tenant).decrypt(row.sealed or b"", request_context(row.id)))
