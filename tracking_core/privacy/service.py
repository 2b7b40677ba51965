"""Requests about a person: ask what there is, approve just that, see what became of it.

The identifier stands in the request as a keyed fingerprint. In clear it is sealed with the tenant's key, together with
what was found, and dropped when the request ends.

To look for a person takes seconds, and a connection of the process meanwhile: of a tenant one is looked for at a time,
and whoever comes second is told to come back. Who asks for what is under way waits for nobody.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import webhook_keys
from tracking_core.privacy.closure import locate
from tracking_core.privacy.errors import AskedAtOnce, PlanChanged, RequestNotOpen
from tracking_core.privacy.identifiers import Identifier
from tracking_core.privacy.person import Person, packed, unpacked
from tracking_core.privacy.plan import Plan, plan_for
from tracking_core.privacy.sealed import request_context
from tracking_core.tenants.lookup import cipher_of, get

OPEN_FOR = timedelta(days=7)
_OPEN = (PrivacyState.PLANNED, PrivacyState.RUNNING)
_RETRY_SECONDS = 5
_BRIEFLY = text("SET LOCAL lock_timeout = '2s'")
# Tenants for whom this process looks for somebody right now.
_at_work: set[UUID] = set()


async def ask(
    session: AsyncSession, tenant_id: UUID, identifier: Identifier, *, actor: str, now: datetime
) -> PrivacyRequest:
    """The plan as it is now; nothing else is changed. What is asked for again is planned anew in the same request, and
    while that runs it is answered at once as it stands. Raises PersonTooWide, AskedAtOnce, StillReading."""
    under_way = await _open(session, await get(session, tenant_id), identifier)
    if under_way is not None and under_way.state == PrivacyState.RUNNING:
        return under_way
    async with _alone(session, tenant_id) as tenant:
        await webhook_keys.read_rest(session, tenant)
        row = await _open(session, tenant, identifier, locked=True)
        if row is not None and row.state == PrivacyState.RUNNING:
            return row
        person, plan = await _planned(session, tenant, identifier)
        if row is None:
            row = _asked(tenant, identifier, plan, actor, now)
            session.add(row)
            subject = str(row.id)
            record(session, actor=actor, action="privacy.planned", subject=subject, tenant_id=tenant_id, rows=plan.rows)
        _keep(row, tenant, person, plan)
        row.expires_at = now + OPEN_FOR
        await session.flush()
        return row


def _asked(tenant: Tenant, identifier: Identifier, plan: Plan, actor: str, now: datetime) -> PrivacyRequest:
    return PrivacyRequest(
        tenant_id=tenant.id,
        kind=identifier.kind,
        fingerprint=identifier.fingerprint(cipher_of(tenant)),
        plan_hash=plan.hash,
        requested_by=actor,
        created_at=now,
        expires_at=now + OPEN_FOR,
    )


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
    None is an operator's. Raises NotFound, RequestNotOpen, PlanChanged, AskedAtOnce, StillReading."""
    row = await find(session, request_id, tenant_id=tenant_id)
    _require_planned(row)
    async with _alone(session, row.tenant_id) as tenant:
        await webhook_keys.read_rest(session, tenant)
        await session.refresh(row, with_for_update=True)
        _require_planned(row)
        if row.expires_at <= now:
            raise RequestNotOpen
        person, plan = await _planned(session, tenant, _person_in(row, tenant).identifier)
        if plan_hash != plan.hash:
            raise PlanChanged
        _keep(row, tenant, person, plan)
        row.state, row.approved_by, row.approved_at = PrivacyState.RUNNING, approved_by, now
        subject = str(row.id)
        record(session, actor=actor, action="privacy.approved", subject=subject, tenant_id=tenant.id, plan=plan.hash)
        await session.flush()
        return row


async def planned_for(session: AsyncSession, tenant_id: UUID, identifier: Identifier) -> PrivacyRequest:
    """The open request about this person. Raises RequestNotOpen when nobody asked yet."""
    row = await _open(session, await get(session, tenant_id), identifier)
    if row is None:
        raise RequestNotOpen
    return row


async def plan_again(session: AsyncSession, tenant_id: UUID | None, request_id: UUID, *, now: datetime) -> None:
    """What is so now, in the place of the plan that no longer is. Raises NotFound, RequestNotOpen, AskedAtOnce."""
    row = await find(session, request_id, tenant_id=tenant_id)
    _require_planned(row)
    async with _alone(session, row.tenant_id) as tenant:
        await session.refresh(row, with_for_update=True)
        _require_planned(row)
        person, plan = await _planned(session, tenant, _person_in(row, tenant).identifier)
        _keep(row, tenant, person, plan)
        row.expires_at = now + OPEN_FOR
        await session.flush()


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


def _require_planned(row: PrivacyRequest) -> None:
    if row.state != PrivacyState.PLANNED or row.sealed is None:
        raise RequestNotOpen


@asynccontextmanager
async def _alone(session: AsyncSession, tenant_id: UUID) -> AsyncIterator[Tenant]:
    """The tenant, locked: one at a time plans for it; sales go on. Raises AskedAtOnce at once when that is of this
    process, and soon when it is of another."""
    if tenant_id in _at_work:
        raise AskedAtOnce(retry_after_seconds=_RETRY_SECONDS)
    _at_work.add(tenant_id)
    try:
        await session.execute(_BRIEFLY)
        yield await _locked(session, tenant_id)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise AskedAtOnce(retry_after_seconds=_RETRY_SECONDS) from None
        raise
    finally:
        _at_work.discard(tenant_id)


async def _locked(session: AsyncSession, tenant_id: UUID) -> Tenant:
    found = select(Tenant).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    tenant = (await session.scalars(found.execution_options(populate_existing=True))).first()
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


async def _open(
    session: AsyncSession, tenant: Tenant, identifier: Identifier, *, locked: bool = False
) -> PrivacyRequest | None:
    query = select(PrivacyRequest).where(
        PrivacyRequest.tenant_id == tenant.id,
        PrivacyRequest.kind == identifier.kind,
        PrivacyRequest.fingerprint == identifier.fingerprint(cipher_of(tenant)),
        col(PrivacyRequest.state).in_(_OPEN),
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).first()


async def _planned(session: AsyncSession, tenant: Tenant, identifier: Identifier) -> tuple[Person, Plan]:
    person = await locate(session, tenant, identifier)
    return person, await plan_for(session, tenant, person, identifier.fingerprint(cipher_of(tenant)))


def _keep(row: PrivacyRequest, tenant: Tenant, person: Person, plan: Plan) -> None:
    row.plan, row.plan_hash = plan.to_json(), plan.hash
    row.sealed = cipher_of(tenant).encrypt(packed(person), request_context(row.id))


def _person_in(row: PrivacyRequest, tenant: Tenant) -> Person:
    return unpacked(cipher_of(tenant).decrypt(row.sealed or b"", request_context(row.id)))
