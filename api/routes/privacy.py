"""Privacy requests: what is kept of a person, its erasure once somebody approved just that, and the receipt."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import DoorbellDep, SessionDep, TenantDep
from api.operators import OperatorDep
from tracking_core.connections.problems import problem
from tracking_core.db.engine import after_commit
from tracking_core.delivery.replay_selection import Moment
from tracking_core.errors import InvalidRequest
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import service
from tracking_core.privacy.identifiers import IdentifierKind, identifier
from tracking_core.privacy.plan import as_items
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell, Doorbell

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])
operations = APIRouter(prefix="/api/v1/operations/privacy", tags=["operations"])
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[Moment | None, Query()]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
NEEDED = "To erase, send the plan's hash and the name of the person who approved it."
_SHOWN = {"kind", "fingerprint", "state", "plan_hash", "approved_by", "approved_at", "created_at", "finished_at"}


class PurgeRequest(BaseModel):
    """With ``dry_run`` (the default) the plan is made and nothing is erased. Without it ``plan_hash`` is the plan that
    was read and ``approved_by`` the person who approved it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: IdentifierKind
    value: str = Field(max_length=400, repr=False)
    dry_run: bool = True
    plan_hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    approved_by: Name | None = None

    def approval(self) -> tuple[str, str]:
        """Raises InvalidRequest."""
        missing = [name for name in ("plan_hash", "approved_by") if getattr(self, name) is None]
        if self.plan_hash is None or self.approved_by is None:
            raise InvalidRequest([problem(name, NEEDED) for name in missing])
        return self.plan_hash, self.approved_by


class OperatorPurge(PurgeRequest):
    """Of one tenant."""

    tenant_id: UUID


@router.post("/purge", responses={202: {"description": "Approved: it is carried out."}})
async def purge(
    wanted: PurgeRequest, tenant: TenantDep, session: SessionDep, doorbell: DoorbellDep, response: Response
) -> dict[str, Any]:
    """What would be erased of this person; or its erasure, if that is still just so (409 otherwise)."""
    return await _purged(session, doorbell, response, tenant, wanted, actor="tenant_api")


@router.get("/requests")
async def list_requests(
    tenant: TenantDep, session: SessionDep, before: Before = None, limit: Limit = 50
) -> dict[str, Any]:
    """Those of this tenant, newest first; ``before`` is the ``created_at`` of the last one of the previous page."""
    rows = await service.newest(session, tenant_id=tenant.id, before=before, limit=limit)
    return {"items": [listed(row) for row in rows]}


@router.get("/requests/{request_id}")
async def read_request(request_id: UUID, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """One of this tenant's, with its plan and, when it is over, its receipt."""
    return told(await service.find(session, request_id, tenant_id=tenant.id))


@operations.post("/purge", responses={202: {"description": "Approved: it is carried out."}})
async def purge_operation(
    wanted: OperatorPurge, operator: OperatorDep, session: SessionDep, doorbell: DoorbellDep, response: Response
) -> dict[str, Any]:
    """The same for any tenant."""
    tenant = await tenants.get(session, wanted.tenant_id)
    return await _purged(session, doorbell, response, tenant, wanted, actor=f"staff:{operator.name}")


@operations.get("/requests")
async def list_operations(
    _operator: OperatorDep,
    session: SessionDep,
    tenant_id: UUID | None = None,
    before: Before = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Everybody's, newest first."""
    rows = await service.newest(session, tenant_id=tenant_id, before=before, limit=limit)
    return {"items": [{**listed(row), "tenant_id": row.tenant_id} for row in rows]}


@operations.get("/requests/{request_id}")
async def read_operation(request_id: UUID, _operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """Anybody's."""
    row = await service.find(session, request_id, tenant_id=None)
    return {**told(row), "tenant_id": row.tenant_id, "requested_by": row.requested_by}


async def _purged(
    session: AsyncSession, doorbell: Doorbell, response: Response, tenant: Tenant, wanted: PurgeRequest, *, actor: str
) -> dict[str, Any]:
    asked, now = identifier(wanted.kind, wanted.value, country=tenant.default_country), clock.now()
    if wanted.dry_run:
        return told(await service.ask(session, tenant.id, asked, actor=actor, now=now))
    plan_hash, approved_by = wanted.approval()
    row = await service.planned_for(session, tenant.id, asked)
    if row.state == PrivacyState.PLANNED:
        row = await service.approve(
            session, tenant.id, row.id, plan_hash=plan_hash, approved_by=approved_by, actor=actor, now=now
        )
    after_commit(session, doorbell.after_commit(Bell.PRIVACY, str(row.id)))
    response.status_code = 202
    return told(row)


def listed(row: PrivacyRequest) -> dict[str, Any]:
    """Who of our own people it was is not for tenants; the name of who approved is."""
    return {"request_id": row.id, **row.model_dump(include=_SHOWN), "rows": row.plan.get("rows", 0)}


def told(row: PrivacyRequest) -> dict[str, Any]:
    plan = {
        "rows": row.plan.get("rows", 0),
        "shared": row.plan.get("shared", 0),
        "kept_accounts": row.plan.get("kept_accounts", 0),
        "items": [
            {"table": one.table, "rows": one.rows, "what": _told(one.what), "does": _told(one.does)}
            for one in as_items(row.plan)
        ],
    }
    return {**listed(row), "plan": plan, "progress": row.progress, "receipt": row.receipt or None}


def _told(sentence: str) -> dict[str, str]:
    return {"pt-BR": translate(sentence), "en": sentence}
