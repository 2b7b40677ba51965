"""An approved plan, one action in each superstep; what went wrong is taken back the same way, newest first."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.setup.context import SetupContext
from agent.setup.state import SetupState
from tracking_core.configuration.apply import apply_action
from tracking_core.configuration.context import ActionResult
from tracking_core.configuration.ledger import applied
from tracking_core.configuration.plan import ActionName, Plan
from tracking_core.configuration.undo import Leftover, leftovers, undo_action
from tracking_core.db.engine import transaction
from tracking_core.setup import projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

APPLY, COMPENSATE, FINISH, PROVE = "apply", "compensate", "finish", "prove"


async def apply(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Exactly one action; the ledger makes it happen once however often this node runs."""
    plan, cursor = Plan.from_json(state["plan"]), state["cursor"]
    result = await apply_action(runtime.context.applying(), plan, cursor)
    # An undo that failed stands in the list of what is left; the others are undone all the same.
    if not result.is_success and plan.actions[cursor].name is not ActionName.UNDO:
        return await _give_up(state, runtime.context, plan, result)
    if cursor + 1 < len(plan.actions):
        return Command(goto=APPLY, update={"cursor": cursor + 1})
    return await _applied(runtime.context, plan)


async def compensate(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Undo one entry. One that cannot be undone is set aside, and the rest is undone all the same."""
    undo = list(state["undo"])
    if not undo:
        return await _compensated(state, runtime.context)
    result = await undo_action(runtime.context.applying(), UUID(undo[0]))
    left = state.get("left", []) if result.is_success else [*state.get("left", []), undo[0]]
    return Command(goto=COMPENSATE, update={"undo": undo[1:], "left": left})


async def entries_of(context: SetupContext, plan_hash: str) -> list[str]:
    """The plan's ledger entries that may have changed something, newest first."""
    async with transaction() as session:
        return [str(row.id) for row in await applied(session, context.tool.session_id, plan_hash)]


async def _applied(context: SetupContext, plan: Plan) -> Command[Any]:
    is_rollback = plan.kind == "rollback"
    tool = context.tool
    async with transaction() as session:
        status = StageStatus.NOT_STARTED if is_rollback else StageStatus.VERIFIED
        await projection.stage(session, tool.session_id, tool.fence, Stage.CONFIGURATION, status, plan_hash=plan.hash)
        if is_rollback:
            await projection.stage(session, tool.session_id, tool.fence, Stage.PROOF, StageStatus.NOT_STARTED)
    if is_rollback:
        result = {"outcome": "rolled_back", "plan_hash": plan.hash, **await _remaining(context)}
        result["code"] = result["undone"]
        return Command(goto=FINISH, update={"result": result, "plan": None})
    return Command(goto=PROVE, update={"proof": None, "hop": 0, "result": {"plan_hash": plan.hash}})


async def _give_up(state: SetupState, context: SetupContext, plan: Plan, result: ActionResult) -> Command[Any]:
    failure = {
        "code": str(result.code),
        "reason": result.reason,
        "action_id": str(result.action_id),
        "action": plan.actions[state["cursor"]].key,
        "is_provider_fault": result.is_provider_fault,
        "stage": Stage.CONFIGURATION.value,
    }
    undo = await entries_of(context, plan.hash)
    return Command(goto=COMPENSATE, update={"failure": failure, "undo": undo, "left": []})


async def _compensated(state: SetupState, context: SetupContext) -> Command[Any]:
    """Tell what failed, that it was put back, and exactly what was not."""
    failure = state.get("failure") or {}
    tool = context.tool
    undone = await _remaining(context)
    async with transaction() as session:
        is_provider = failure.get("is_provider_fault")
        status = StageStatus.WAITING if is_provider else StageStatus.ACTION_REQUIRED
        said = {"code": failure["code"], "params": failure.get("params", {})} if failure else {}
        stage = Stage(failure.get("stage", Stage.CONFIGURATION))
        await projection.stage(session, tool.session_id, tool.fence, stage, status, **said)
        if stage is not Stage.CONFIGURATION:
            await projection.stage(
                session, tool.session_id, tool.fence, Stage.CONFIGURATION, StageStatus.ACTION_REQUIRED
            )
    result = {"outcome": "failed", "code": failure.get("code", undone["undone"]), **undone}
    return Command(goto=FINISH, update={"result": result, "plan": None})


async def _remaining(context: SetupContext) -> dict[str, Any]:
    """``undone`` says whether a person must do something; ``leftovers`` is the exact list."""
    tool = context.tool
    async with transaction() as session:
        left = [_listed(one, tool.locale) for one in await leftovers(session, tool.session_id)]
    code = SetupCode.LEFT_OVER if any(one["needs_person"] for one in left) else SetupCode.UNDONE
    return {"undone": code.value, "leftovers": left}


def _listed(one: Leftover, locale: str) -> dict[str, Any]:
    return {
        "action_id": str(one.action_id),
        "action": one.action.value,
        "code": one.code.value,
        "needs_person": one.needs_person,
        "steps": one.told(locale),
    }
