"""The plan of a setup: asked for, decided on by a person, proved, taken back. Nothing is written without a decision on
exactly the plan that was shown."""

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from api.decisions import Decision, decided
from api.deps import CallerDep, SessionDep, TenantDep
from api.inbox import IdempotencyKey, Wish, ask, handled
from api.routes.setup_sessions import language
from api.routes.setup_sessions import router as sessions_router
from tools.inputs import RollbackScope
from tracking_core.configuration.versions import get_version
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import IntentState, SetupIntent, SetupSession, TrackingConfiguration
from tracking_core.setup import approvals, sessions, status
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.meanings import describe

router = APIRouter(prefix=sessions_router.prefix, tags=["setup"])
versions = APIRouter(prefix="/api/v1/configurations", tags=["setup"])


class PlanDecision(BaseModel):
    """``plan_hash`` is the one that was shown with the plan."""

    model_config = ConfigDict(extra="forbid")

    plan_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    decision: Literal["approve", "reject"]


@router.post("/{session_id}/plan")
async def request_plan(
    session_id: UUID, request: Request, response: Response, caller: CallerDep, idempotency_key: IdempotencyKey = ""
) -> dict[str, Any]:
    """Make the plan from what was checked; it then waits for a decision. Nothing is changed."""
    intent = await ask(request, caller, session_id, Wish(kind=IntentKind.REQUEST_PLAN, key=idempotency_key))
    return await _told(request, response, intent)


@router.get("/{session_id}/plan")
async def read_plan(session_id: UUID, request: Request, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """The plan that waits for a decision. 404: none does."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    waiting = await approvals.pending(session, owner.id)
    if waiting is None:
        raise NotFound(what="plan that waits for a decision")
    return status.plan_of(waiting, language(request, owner))


@router.post("/{session_id}/plan/decision")
async def decide_on_plan(
    session_id: UUID, made: PlanDecision, request: Request, response: Response, caller: CallerDep
) -> dict[str, Any]:
    """Approve or reject the plan with this hash. Approved, it is applied and proved before the answer, if that does not
    take longer than a caller may wait; the status and the events tell the rest. The same decision again is no other."""
    with request.app.state.allowance.place(caller.tenant_id):
        decision = Decision(plan_hash=made.plan_hash, is_approved=made.decision == "approve")
        intent = await handled(request, await decided(request, caller, session_id, decision))
    return await _told(request, response, intent)


@router.post("/{session_id}/proof")
async def prove(
    session_id: UUID, request: Request, response: Response, caller: CallerDep, idempotency_key: IdempotencyKey = ""
) -> dict[str, Any]:
    """Send the test sale through every step of the active configuration once more."""
    intent = await ask(request, caller, session_id, Wish(kind=IntentKind.PROVE, key=idempotency_key))
    return await _told(request, response, intent)


@router.post("/{session_id}/rollback")
async def roll_back(
    session_id: UUID,
    wanted: RollbackScope,
    request: Request,
    response: Response,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Plan to take back the last action, all of this setup, or to go back to a version; it waits for a decision too.
    404: there is no such version."""
    if wanted.version is not None:
        async with transaction() as session:
            owner = await sessions.get(session, session_id, caller=caller.tenant_id)
            await get_version(session, owner.tenant_id, wanted.version)
    payload = wanted.model_dump(mode="json", exclude_none=True)
    wish = Wish(kind=IntentKind.ROLLBACK, payload=payload, body=wanted, key=idempotency_key)
    intent = await ask(request, caller, session_id, wish)
    return await _told(request, response, intent)


@versions.get("")
async def list_versions(tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """Every version of the tenant's tracking configuration, newest first; at most one is active."""
    query = select(TrackingConfiguration).where(TrackingConfiguration.tenant_id == tenant.id)
    rows = (await session.scalars(query.order_by(col(TrackingConfiguration.version).desc()).limit(100))).all()
    return {"items": [row.model_dump(mode="json", exclude={"tenant_id", "id"}) for row in rows]}


async def _told(request: Request, response: Response, intent: SetupIntent) -> dict[str, Any]:
    """What came of the intent, in words, with the whole status; 202 while it is still under way."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, intent.session_id)
        locale = language(request, owner)
        told = await status.of(session, owner, locale=locale)
    if intent.state == IntentState.QUEUED:
        response.status_code = 202
        return {"intent_id": str(intent.id), "result": "in_progress", "status": told}
    code, params = intent.code, intent.result.get("params", {})
    said = describe(code, params, locale) if code else {}
    return {"intent_id": str(intent.id), "result": intent.result.get("outcome", intent.state), **said, "status": told}
