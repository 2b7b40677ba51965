"""An approved plan, one action in each superstep; what went wrong is taken back the same way, newest first."""

from collections.abc import Sequence
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
from tracking_core.setup.remaining import still_standing

APPLY, COMPENSATE, PROVE = "apply", "compensate", "prove"
# Every way out leads through the diagnosis to the end.
DIAGNOSE, FINISH = "diagnose", "finish"


async def apply(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Exactly one action; the ledger makes it happen once however often this node runs."""
    plan, cursor = Plan.from_json(state["plan"]), state["cursor"]
    result = await apply_action(runtime.context.applying(), plan, cursor)
    # An undo that failed stands in the list of what is left; the others are undone all the same.
    if not result.is_success and plan.actions[cursor].name is not ActionName.UNDO:
        return await _give_up(state, runtime.context, plan, result)
    if cursor + 1 < len(plan.actions):
        return Command(goto=APPLY, update={"cursor": cursor + 1})
    return await _applied(state, runtime.context, plan)


async def compensate(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Undo one entry. One that cannot be undone stays in the ledger as such, and the rest is undone all the same."""
    undo = list(state["undo"])
    if not undo:
        return await _compensated(state, runtime.context)
    await undo_action(runtime.context.applying(), UUID(undo[0]))
    return Command(goto=COMPENSATE, update={"undo": undo[1:]})


async def entries_of(context: SetupContext, plan_hash: str) -> list[str]:
    """The plan's ledger entries that may have changed something, newest first."""
    async with transaction() as session:
        return [str(row.id) for row in await applied(session, context.tool.session_id, plan_hash)]


async def _applied(state: SetupState, context: SetupContext, plan: Plan) -> Command[Any]:
    if plan.kind == "configure":
        await _tell(context, {Stage.CONFIGURATION: StageStatus.VERIFIED}, plan_hash=plan.hash)
        return Command(goto=PROVE, update={"proof": None, "hop": 0, "result": {"plan_hash": plan.hash}})
    facts = dict(state.get("facts", {}))
    if state["goal"].get("scope") == "version":
        await _tell(context, {Stage.CONFIGURATION: StageStatus.VERIFIED, Stage.PROOF: StageStatus.NOT_STARTED})
        params = {"version": str(state["goal"]["version"])}
        result = {"outcome": "version_active", "code": SetupCode.VERSION_ACTIVE.value, "params": params}
        facts.pop("preferences", None)  # what was chosen since is taken back with its version
    else:
        result = await _taken_back(state, context, plan)
    return Command(goto=DIAGNOSE, update={"result": result, "plan": None, "facts": facts})


async def _taken_back(state: SetupState, context: SetupContext, plan: Plan) -> dict[str, Any]:
    """All of it is back as it was, or only the last change: then what still stands is told, and is not all undone."""
    left = await _remaining(context, [str(action.params["log_id"]) for action in plan.actions])
    standing = await _standing(context) if state["goal"].get("scope") == "last" else []
    if not standing:
        await _tell(context, {Stage.CONFIGURATION: StageStatus.NOT_STARTED, Stage.PROOF: StageStatus.NOT_STARTED})
        return {"outcome": "rolled_back", **left, "code": left["undone"]}
    code = SetupCode.LAST_UNDONE.value if left["undone"] == SetupCode.UNDONE else left["undone"]
    said = {"code": code, "params": {"standing": "; ".join(standing)}}
    await _tell(context, {Stage.PROOF: StageStatus.NOT_STARTED})
    await _tell(context, {Stage.CONFIGURATION: StageStatus.ACTION_REQUIRED}, **said)
    return {"outcome": "last_undone", **left, **said}


async def _standing(context: SetupContext) -> list[str]:
    async with transaction() as session:
        return await still_standing(session, context.tool.session_id, context.tool.locale)


async def _tell(context: SetupContext, stages: dict[Stage, StageStatus], **details: Any) -> None:
    tool = context.tool
    async with transaction() as session:
        for stage, status in stages.items():
            await projection.stage(session, tool.session_id, tool.fence, stage, status, **details)


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
    return Command(goto=COMPENSATE, update={"failure": failure, "undo": undo, "undoing": undo})


async def _compensated(state: SetupState, context: SetupContext) -> Command[Any]:
    """Tell what failed, that it was put back, and exactly what was not."""
    failure = state.get("failure") or {}
    tool = context.tool
    undone = await _remaining(context, state.get("undoing", []))
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
    return Command(goto=DIAGNOSE, update={"result": result, "plan": None})


async def _remaining(context: SetupContext, undone: Sequence[str]) -> dict[str, Any]:
    """``undone`` says whether a person must do something; ``leftovers`` is the exact list."""
    tool = context.tool
    async with transaction() as session:
        found = await leftovers(session, tool.session_id, among=[UUID(one) for one in undone])
        left = [_listed(one, tool.locale) for one in found]
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
