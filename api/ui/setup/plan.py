"""The wizard's buttons about the plan: make it, decide on it, send the test sale again, take back what was done."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse, Response

from api.decisions import Decision, decided
from api.inbox import Caller, Wish, ask, handled
from api.problems import invalid
from api.routes.setup_plan import PlanDecision
from api.ui import paths
from api.ui.setup.access import caller_of, own_setup, setup_of
from api.ui.setup.checks import SEE_OTHER, fields_of, to_step
from api.ui.setup.forms import Body, Fields, once_key
from api.ui.setup.steps import Step
from api.ui.setup.views import Refused, Wizard
from api.ui.visitor import SignedInDep, Visitor
from tools.inputs import RollbackScope
from tracking_core.db.engine import transaction
from tracking_core.errors import Conflict
from tracking_core.i18n import translate
from tracking_core.setup.inbox import IntentKind

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)


@router.post("/{session_id}/plan")
async def request_plan(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Have the plan made; it then waits for a decision. Nothing is changed."""
    return await _asked(request, who, session_id, IntentKind.REQUEST_PLAN)


@router.post("/{session_id}/proof")
async def prove(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Send the test sale through every step once more."""
    return await _asked(request, who, session_id, IntentKind.PROVE)


@router.post("/{session_id}/rollback")
async def roll_back(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Have it planned how the last change, or all, is taken back; it waits for a decision too."""
    fields = await fields_of(request)
    scope = _taken(RollbackScope, {"scope": fields.get("scope")})
    return await _asked(request, who, session_id, IntentKind.ROLLBACK, scope)


@router.post("/{session_id}/plan/decision")
async def decide(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Approve or refuse exactly the plan that was shown. Without scripts the answer waits for what comes of it; with
    them, or on the way back to the chat, it comes at once, and the page shows the rest as it happens."""
    fields = await fields_of(request)
    made = _taken(PlanDecision, {name: fields.get(name) for name in ("plan_hash", "decision")})
    caller = await _caller(who, session_id)
    decision = Decision(plan_hash=made.plan_hash, is_approved=made.decision == "approve")
    try:
        with request.app.state.allowance.place(caller.tenant_id):
            intent_id = await decided(request, caller, session_id, decision)
            if "hx-request" not in request.headers and "back" not in fields:
                await handled(request, intent_id)
    except Conflict as conflict:
        return await _shown_again(request, who, session_id, conflict)
    if "back" in fields:
        return RedirectResponse(paths.local(fields["back"]), SEE_OTHER)
    return to_step(session_id, Step.REVIEW)


async def _asked(
    request: Request, who: Visitor, session_id: UUID, kind: IntentKind, body: BaseModel | None = None
) -> Response:
    fields: Fields = await fields_of(request)
    payload = body.model_dump(mode="json", exclude_none=True) if body else {}
    caller = await _caller(who, session_id)
    await ask(request, caller, session_id, Wish(kind=kind, payload=payload, body=body, key=once_key(fields)))
    return to_step(session_id, Step.REVIEW)


async def _caller(who: Visitor, session_id: UUID) -> Caller:
    async with transaction() as session:
        return caller_of(who, await own_setup(session, who, session_id))


async def _shown_again(request: Request, who: Visitor, session_id: UUID, conflict: Conflict) -> Response:
    """The step as it is now, with why the decision was not taken."""
    async with transaction() as session:
        setup = await setup_of(session, who, session_id)
        refused = Refused(notice=translate(conflict.message, who.locale))
        return await Wizard(session, request, who, setup).page(Step.REVIEW, refused)


def _taken(form: type[Body], said: dict[str, str | None]) -> Body:
    """What the page's own buttons send. Raises InvalidRequest for what none of them does."""
    try:
        return form.model_validate(said)
    except ValidationError as error:
        raise invalid(error) from None
