"""Where every run begins and ends, and where a defect of ours is caught so that nothing stays half done."""

from collections.abc import Awaitable
from functools import wraps
from typing import Any, Protocol
from uuid import UUID

import structlog
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END
from langgraph.runtime import Runtime
from langgraph.types import Command
from sqlalchemy.ext.asyncio import AsyncSession

from agent import observed
from agent.passing import PASSING
from agent.setup.context import SetupContext
from agent.setup.nodes.applying import APPLY, COMPENSATE, DIAGNOSE, FINISH, PROVE, entries_of
from agent.setup.nodes.planning import PLAN, is_complete, is_outdated
from agent.setup.nodes.proving import end_proof
from agent.setup.state import SetupState
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.facts import Facts
from tracking_core.db.engine import transaction
from tracking_core.doctor.codes import DoctorCode
from tracking_core.models import SessionState, SetupSession
from tracking_core.setup import ledger, messages, projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.holds import is_token_refused
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.outcome import Outcome, Stage
from tracking_core.setup.projection import StageStatus

log = structlog.get_logger()
NODE_OF = {
    IntentKind.VALIDATE_GATEWAY: "validate_gateway",
    IntentKind.VALIDATE_META: "validate_meta",
    IntentKind.PROBE_LANDING: "probe_landing",
    IntentKind.SET_PREFERENCES: "set_preferences",
    IntentKind.REQUEST_PLAN: PLAN,
    IntentKind.ROLLBACK: PLAN,
    IntentKind.PROVE: PROVE,
}
_STAGE_OF = {
    "validate_gateway": Stage.GATEWAY,
    "validate_meta": Stage.META,
    "probe_landing": Stage.URL,
    PROVE: Stage.PROOF,
}
_CLEAN: dict[str, Any] = {"failure": None, "plan": None, "proof": None, "hop": 0, "result": {}}


class Node(Protocol):
    """A part of the graph: its state in, what changes and where to go out."""

    def __call__(self, state: SetupState, runtime: Runtime[SetupContext]) -> Awaitable[Any]: ...


async def route(state: SetupState) -> Command[Any]:
    """A closed list of intents, each with its node; what another intent left is cleared."""
    return Command(goto=NODE_OF[IntentKind(state["intent"]["kind"])], update=_CLEAN)


async def finish(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Say how the session stands and what was done. A plan that gave way to this intent is made again."""
    context, result = runtime.context, state.get("result", {})
    tool = context.tool
    async with transaction() as session:
        await _tell_outdated(session, context, state)
        await _tell_refused_token(session, context, state)
        row = await session.get_one(SetupSession, tool.session_id)
        await projection.move(session, tool.session_id, tool.fence, _state_of(row, result))
        await messages.say(session, row, f"intent:{state['intent']['id']}", result.get("code"), result.get("params"))
    return Command(goto=PLAN if state.get("replan") else END)


def guarded(name: str, node: Node) -> Node:
    """The node, with what nobody foresaw caught. Not LangGraph's ``error_handler``: a handler that fails as well, when
    the database is away, leaves a run that counts as ended."""

    @wraps(node)
    async def run(state: SetupState, runtime: Runtime[SetupContext]) -> Any:
        with observed.step(name) as made:
            try:
                return await node(state, runtime)
            except (GraphBubbleUp, *PASSING):
                raise
            except Exception as error:
                made.outcome = "broken"
                return await broken(state, name, error, runtime.context)

    return run


async def broken(state: SetupState, name: str, error: Exception, context: SetupContext) -> Command[Any]:
    """The trace is ours, the seller gets a sentence, and effects are taken back."""
    log.error("setup_node_broke", node=name, exc_info=error)
    stage = _STAGE_OF.get(name, Stage.CONFIGURATION)
    failure = {
        "code": SetupCode.CHECK_FAILED.value,
        "reason": type(error).__name__,
        "is_provider_fault": True,
        "stage": stage.value,
    }
    if name == COMPENSATE and state["undo"]:  # what cannot be undone is set aside; the rest is undone all the same
        return Command(goto=COMPENSATE, update={"undo": state["undo"][1:]})
    if name == PROVE and state.get("proof"):
        await end_proof(state, context)
    plan = state.get("plan")
    if plan and name in (APPLY, PROVE):
        undo = await entries_of(context, plan["hash"])
        return Command(goto=COMPENSATE, update={"failure": failure, "undo": undo, "undoing": undo, "proof": None})
    await _tell_broken(state, context, stage, failure)
    result = {"outcome": "failed", "code": failure["code"]}
    # What breaks in the diagnosis itself is not diagnosed again.
    end = FINISH if name in (DIAGNOSE, "escalate") else DIAGNOSE
    return Command(goto=end, update={"failure": failure, "plan": None, "proof": None, "result": result})


async def _tell_broken(state: SetupState, context: SetupContext, stage: Stage, failure: dict[str, Any]) -> None:
    tool = context.tool
    check = tool.check(UUID(state["intent"]["id"]), state["intent"]["kind"])
    outcome = Outcome(is_success=False, code=failure["code"], reason=failure["reason"])
    async with transaction() as session:
        await ledger.close_open_check(session, check, outcome)
        await projection.stage(session, tool.session_id, tool.fence, stage, StageStatus.WAITING, code=failure["code"])


async def _tell_outdated(session: AsyncSession, context: SetupContext, state: SetupState) -> None:
    """A configuration that no longer is what the facts ask for is not verified any more; what was missing for a plan
    and is there now is not asked for again."""
    tool = context.tool
    row = await session.get_one(SetupSession, tool.session_id, populate_existing=True)
    now = row.stages.get(Stage.CONFIGURATION.value, {})
    was_incomplete = now.get("code") == ConfigCode.INCOMPLETE
    if (was_incomplete or now.get("status") == StageStatus.VERIFIED) and await is_outdated(session, context, state):
        status, said = StageStatus.ACTION_REQUIRED, {"code": SetupCode.CHANGED.value}
    elif was_incomplete and await is_complete(session, context, state):
        status, said = StageStatus.NOT_STARTED, {}
    else:
        return
    await projection.stage(session, tool.session_id, tool.fence, Stage.CONFIGURATION, status, **said)


async def _tell_refused_token(session: AsyncSession, context: SetupContext, state: SetupState) -> None:
    """Where sales wait for another token, its check is what is due, and no plan."""
    tool, meta = context.tool, Facts.from_json(state.get("facts", {})).meta
    if meta is not None and await is_token_refused(session, tool.tenant_id, meta):
        said = {"code": DoctorCode.ON_HOLD.value, "params": {"dataset_id": meta.dataset_id}}
        await projection.stage(session, tool.session_id, tool.fence, Stage.META, StageStatus.ACTION_REQUIRED, **said)


def _state_of(row: SetupSession, result: dict[str, Any]) -> SessionState:
    if result.get("undone") == SetupCode.LEFT_OVER:
        return SessionState.FAILED
    if result.get("outcome") == "rolled_back":
        return SessionState.ROLLED_BACK
    is_done = all(row.stages.get(stage.value, {}).get("status") == StageStatus.VERIFIED for stage in Stage)
    return SessionState.DONE if is_done else SessionState.AWAITING_SELLER
