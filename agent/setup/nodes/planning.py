"""From facts to a plan, and from the plan to a person's decision. Nothing here writes outside the hub's own record."""

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from sqlalchemy.ext.asyncio import AsyncSession

from agent.setup.context import SetupContext
from agent.setup.nodes.applying import APPLY, DIAGNOSE
from agent.setup.state import Decision, SetupState
from tools.inputs import RollbackScope
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.current import read_current
from tracking_core.configuration.facts import Facts
from tracking_core.configuration.plan import Plan, PlanIncomplete, Requirement, make_plan
from tracking_core.configuration.rollback import rollback_plan
from tracking_core.configuration.versions import active_version
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import SetupSession
from tracking_core.setup import lease, messages, projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.holds import is_token_refused
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

APPROVE, PLAN, REFRESH, ROUTE = "approve", "plan", "refresh", "route"
_NEW_TOKEN = "Meta refuses the access token in use. Enter a new one for your dataset and have it checked."  # noqa: S105
_ANSWERED = {"rejected": SetupCode.REJECTED, "expired": SetupCode.EXPIRED}


async def plan(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Make the plan the intent asks for; an incomplete or empty one ends here with what is missing."""
    context = runtime.context
    goal = _goal(state)
    try:
        made = await _made(context, goal, state)
    except PlanIncomplete as incomplete:
        missing = [one.to_json() for one in incomplete.requirements]
        await _tell(context, StageStatus.ACTION_REQUIRED, ConfigCode.INCOMPLETE, requirements=missing)
        result = {"outcome": "incomplete", "code": ConfigCode.INCOMPLETE.value, "requirements": missing}
        return _to(DIAGNOSE, state, {"plan": None, "goal": goal}, result)
    except NotFound:  # the version was asked for while it was there; where the setup stands is the same as before
        result = {"outcome": "unchanged", "code": ConfigCode.VERSION_GONE.value}
        return _to(DIAGNOSE, state, {"plan": None, "goal": goal}, result)
    if made.is_empty:
        return await _nothing_to_do(context, state, goal)
    told = await _tell_replaced(context, state)
    await _tell(context, StageStatus.ACTION_REQUIRED, told.get("code"))
    result = {"outcome": "awaiting_approval", "plan_hash": made.hash, **told}
    return _to(APPROVE, state, {"plan": made.to_json(), "goal": goal}, result)


async def approve(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Wait for a person. Nothing before the answer has an effect: this node runs again from its top."""
    shown = state["plan"]
    assert shown is not None
    answer = Decision.model_validate(interrupt({"plan": shown, "plan_hash": shown["hash"]}, response_schema=Decision))
    update = {"intent": answer.intent, "failure": None}
    match answer.decision:
        case "approved" if answer.plan_hash == shown["hash"]:
            return Command(goto=REFRESH, update={**update, "cursor": 0, "undo": [], "undoing": []})
        case "superseded":
            is_plan = answer.intent["kind"] in (IntentKind.REQUEST_PLAN, IntentKind.ROLLBACK)
            return Command(goto=ROUTE, update={**update, "plan": None, "replan": not is_plan})
        case decision:
            code = _ANSWERED.get(decision, SetupCode.REJECTED)
            await _tell(runtime.context, StageStatus.ACTION_REQUIRED, code)
            result = {"outcome": decision, "code": code.value}
            return Command(goto=DIAGNOSE, update={**update, "plan": None, "result": result})


async def refresh(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """What was approved must still be what would be planned now; else the new plan is shown instead."""
    approved = Plan.from_json(state["plan"])
    try:
        now = await _made(runtime.context, state["goal"], state)
    except (PlanIncomplete, NotFound):
        return Command(goto=PLAN, update={"plan": None})
    if now.hash != approved.hash:
        return Command(goto=PLAN, update={"plan": None})
    await _tell(runtime.context, StageStatus.IN_PROGRESS, None)
    return Command(goto=APPLY)


def _goal(state: SetupState) -> dict[str, Any]:
    """What the plan is to reach: the facts' configuration or a rollback; kept when another intent came between."""
    intent = state["intent"]
    if intent["kind"] == IntentKind.ROLLBACK:
        return {"kind": "rollback", **intent["payload"]}
    if intent["kind"] == IntentKind.REQUEST_PLAN:
        return {"kind": "configure"}
    return state.get("goal", {"kind": "configure"})


async def _made(context: SetupContext, goal: dict[str, Any], state: SetupState) -> Plan:
    async with transaction() as session:
        if goal["kind"] == "configure":
            return await _to_configure(session, context, state)
        scope = RollbackScope.model_validate({name: value for name, value in goal.items() if name != "kind"})
        return await rollback_plan(
            session,
            session_id=context.tool.session_id,
            tenant_id=context.tool.tenant_id,
            scope=scope.scope,
            version=scope.version,
        )


async def _to_configure(session: AsyncSession, context: SetupContext, state: SetupState) -> Plan:
    """No plan connects again with the token that Meta refused since: the hold would end, and begin anew."""
    facts, current = Facts.from_json(state.get("facts", {})), await read_current(session, context.tool.tenant_id)
    if await is_token_refused(session, context.tool.tenant_id, facts.meta):
        raise PlanIncomplete([Requirement(field=Stage.META.value, message=_NEW_TOKEN)])
    return make_plan(facts, current)


async def is_outdated(session: AsyncSession, context: SetupContext, state: SetupState) -> bool:
    """Whether the facts ask for another configuration than the one in use. A connection on hold is the same one."""
    if (await active_version(session, context.tool.tenant_id))[0] is None:
        return False
    made = await _complete(session, context, state)
    return made is not None and not made.is_empty


async def is_complete(session: AsyncSession, context: SetupContext, state: SetupState) -> bool:
    """Whether nothing is missing any more for a plan."""
    return await _complete(session, context, state) is not None


async def _complete(session: AsyncSession, context: SetupContext, state: SetupState) -> Plan | None:
    try:
        return await _to_configure(session, context, state)
    except PlanIncomplete:
        return None


async def _tell_replaced(context: SetupContext, state: SetupState) -> dict[str, Any]:
    """A decision that leads to a plan met facts that had changed: the new plan does not come without a word."""
    if state["intent"]["kind"] != IntentKind.DECIDE:
        return {}
    tool, code = context.tool, SetupCode.SUPERSEDED
    async with transaction() as session:
        await lease.require(session, tool.session_id, tool.fence)
        owner = await session.get_one(SetupSession, tool.session_id)
        await messages.say(session, owner, f"intent:{state['intent']['id']}", code, None)
    return {"code": code.value}


async def _nothing_to_do(context: SetupContext, state: SetupState, goal: dict[str, Any]) -> Command[Any]:
    code: SetupCode | ConfigCode = SetupCode.NOTHING_TO_UNDO
    if goal["kind"] != "rollback":
        code = ConfigCode.UNCHANGED
        await _tell(context, StageStatus.VERIFIED, code)
    result = {"outcome": "unchanged", "code": code.value}
    return _to(DIAGNOSE, state, {"plan": None, "goal": goal}, result)


def _to(node: str, state: SetupState, update: dict[str, Any], result: dict[str, Any]) -> Command[Any]:
    """A plan made again after another intent leaves that intent's own result."""
    said = {} if state.get("replan") else {"result": result}
    return Command(goto=node, update={**update, **said, "replan": False})


async def _tell(context: SetupContext, status: StageStatus, code: str | None, **details: Any) -> None:
    tool = context.tool
    said = {"code": str(code)} if code else {}
    async with transaction() as session:
        await projection.stage(session, tool.session_id, tool.fence, Stage.CONFIGURATION, status, **said, **details)
