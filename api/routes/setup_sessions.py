"""``/api/v1/setup/sessions``: begin a setup, hand credentials to the vault, read where it stands."""

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Subquery, Uuid, cast, func, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from api.deps import CallerDep, SessionDep, TenantDep
from tracking_core.db.engine import transaction
from tracking_core.errors import InvalidRequest
from tracking_core.i18n import negotiate
from tracking_core.kit import clock
from tracking_core.models import SecretKind, SessionEvent, SetupActionLog, SetupMessage, SetupSession
from tracking_core.secrets import vault
from tracking_core.setup import sessions, status
from tracking_core.setup.answers import answer_of
from tracking_core.streams.append import EventType
from tracking_core.tenants import service as tenants

router = APIRouter(prefix="/api/v1/setup/sessions", tags=["setup"])
ACTOR = "tenant_api"
NOT_SEEN = "This list holds no entry with this id."
_Row = TypeVar("_Row")


class NewSession(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tenant_id: UUID
    locale: Literal["pt_BR", "en"] | None = None


class SecretValue(BaseModel):
    """The value is never repeated, not even in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    value: str = Field(min_length=1, max_length=8_192, repr=False)


@router.post("", status_code=201)
async def create_session(
    wanted: NewSession, request: Request, tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """Begin a setup. 404: no such tenant; 403: the key is another tenant's."""
    locale = wanted.locale or negotiate(request.headers.get("accept-language"))
    made = await sessions.create(session, wanted.tenant_id, caller=tenant.id, actor=ACTOR, locale=locale)
    await request.app.state.allowance.require_new_session(session, tenant.id)
    return described(made)


@router.get("")
async def list_sessions(
    tenant: TenantDep, session: SessionDep, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    """The tenant's setups, newest first."""
    return {"items": [described(one) for one in await sessions.newest(session, tenant.id, limit=limit)]}


@router.get("/{session_id}")
async def read_session(session_id: UUID, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    return described(await sessions.get(session, session_id, caller=tenant.id))


@router.get("/{session_id}/status")
async def read_status(session_id: UUID, request: Request, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """Every stage, the last failure somebody can act on, and what is due from whom next."""
    found = await sessions.get(session, session_id, caller=tenant.id)
    return await status.of(session, found, locale=language(request, found))


@router.put("/{session_id}/secrets/{kind}")
async def keep_secret(
    session_id: UUID, kind: SecretKind, given: SecretValue, request: Request, caller: CallerDep, response: Response
) -> dict[str, str]:
    """Put a credential into the vault; only its reference, last characters and fingerprint ever come back."""
    with request.app.state.allowance.action(caller.tenant_id):
        async with transaction() as session:
            owner = await sessions.get(session, session_id, caller=caller.tenant_id)
            tenant = await tenants.get(session, owner.tenant_id)
        # A manager is written here: no transaction is open meanwhile.
        row = await vault.seal(
            tenant=tenant,
            kind=kind,
            value=given.value,
            actor=caller.actor,
            session_id=session_id,
            now=clock.now(),
        )
        async with transaction() as session:
            kept = vault.store(session, row)
    response.headers["Cache-Control"] = "no-store"
    return {"secret": kept.reference, "kind": kind, "last4": kept.last4, "fingerprint": kept.fingerprint}


@router.get("/{session_id}/actions")
async def list_actions(
    session_id: UUID,
    request: Request,
    tenant: TenantDep,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> dict[str, Any]:
    """The ledger of the session, oldest first; ``after`` is the ``action_id`` of the last one seen."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    query = select(SetupActionLog).where(SetupActionLog.session_id == owner.id)
    at, by_id = col(SetupActionLog.started_at), col(SetupActionLog.id)
    if after is not None:
        seen = await _seen(session, query.where(SetupActionLog.id == after))
        query = query.where(tuple_(at, by_id) > tuple_(literal(seen.started_at), literal(seen.id)))
    rows = (await session.scalars(query.order_by(at, by_id).limit(limit))).all()
    return {"items": [answer_of(row, language(request, owner)) for row in rows]}


@router.get("/{session_id}/messages")
async def list_messages(
    session_id: UUID,
    tenant: TenantDep,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> dict[str, Any]:
    """What was said in the session, as it was told; ``after`` is the ``id`` of the last one seen."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    told = _first_told(owner.id)
    number, at, by_id = func.coalesce(told.c.number, 0), col(SetupMessage.created_at), col(SetupMessage.id)
    query = select(SetupMessage).outerjoin(told, told.c.message_id == by_id)
    query = query.where(SetupMessage.session_id == owner.id)
    if after is not None:
        seen = await _seen(session, query.where(SetupMessage.id == after))
        reached = (await session.scalars(query.with_only_columns(number).where(by_id == after))).one()
        query = query.where(
            tuple_(number, at, by_id) > tuple_(literal(reached), literal(seen.created_at), literal(seen.id))
        )
    rows = (await session.scalars(query.order_by(number, at, by_id).limit(limit))).all()
    return {"items": [row.model_dump(include={"id", "role", "text", "code", "created_at"}) for row in rows]}


def _first_told(session_id: UUID) -> Subquery:
    """The number of the event that told each message. Numbers become visible in their order, times do not: a message
    that is committed after a later one still comes behind it. Of what was told so long ago that its event is gone, the
    time decides."""
    message_id = cast(col(SessionEvent.data)["message_id"].as_string(), Uuid)
    told = select(message_id.label("message_id"), func.min(SessionEvent.seq).label("number"))
    mine = (col(SessionEvent.session_id) == session_id, col(SessionEvent.type) == EventType.MESSAGE_COMPLETED)
    return told.where(*mine).group_by(message_id).subquery()


async def _seen(session: AsyncSession, query: SelectOfScalar[_Row]) -> _Row:
    row = (await session.scalars(query)).first()
    if row is None:
        raise InvalidRequest([{"field": "query.after", "code": "unknown", "message": NOT_SEEN}])
    return row


def described(one: SetupSession) -> dict[str, Any]:
    """What is said of a session; ``links`` lead on."""
    base = f"{router.prefix}/{one.id}"
    return {
        "session_id": str(one.id),
        "tenant_id": str(one.tenant_id),
        "state": one.state,
        "locale": one.locale,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
        "links": {name: f"{base}/{name}" for name in ("status", "events", "actions", "messages")},
    }


def language(request: Request, owner: SetupSession) -> str:
    """The language asked for, or the session's."""
    asked = request.headers.get("accept-language")
    return negotiate(asked) if asked and asked != "*" else owner.locale
