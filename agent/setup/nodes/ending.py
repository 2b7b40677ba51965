"""Where every run begins and ends, and where a defect of ours is caught so that nothing stays half done."""

from typing import Any

import structlog
from langgraph.errors import NodeError
from langgraph.runtime import Runtime
from langgraph.types import Command
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent.setup.context import SetupContext
from agent.setup.nodes.applying import COMPENSATE, FINISH, PROVE, entries_of
from agent.setup.state import SetupState
from tracking_core.db.engine import transaction
from tracking_core.errors import StaleFence
from tracking_core.models import SessionState, SetupSession
from tracking_core.setup import messages, projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

log = structlog.get_logger()
# Nothing is wrong with the run: it goes on from its checkpoint when the database is back, or in other hands.
PASSING = (StaleFence, OperationalError, InterfaceError, PoolTimeout)
NODE_OF = {
    IntentKind.VALIDATE_GATEWAY: "validate_gateway",
    IntentKind.VALIDATE_META: "validate_meta",
    IntentKind.PROBE_LANDING: "probe_landing",
    IntentKind.SET_PREFERENCES: "set_preferences",
    IntentKind.REQUEST_PLAN: "plan",
    IntentKind.ROLLBACK: "plan",
    IntentKind.PROVE: PROVE,
}
_CLEAN: dict[str, Any] = {"failure": None, "proof": None, "hop": 0, "result": {}}


async def route(state: SetupState) -> Command[Any]:
    """A closed list of intents, each with its node; what another intent left is cleared."""
    return Command(goto=NODE_OF[IntentKind(state["intent"]["kind"])], update={**_CLEAN, "plan": None})


def after_check(state: SetupState) -> str:
    """A check that came between a plan and its decision brings the plan back."""
    return "plan" if state.get("replan") else FINISH


async def finish(state: SetupState, runtime: Runtime[SetupContext]) -> dict[str, Any]:
    """Say how the session stands and what was done."""
    tool, result = runtime.context.tool, state.get("result", {})
    async with transaction() as session:
        row = await session.get_one(SetupSession, tool.session_id)
        await projection.move(session, tool.session_id, tool.fence, _state_of(row, result))
        await messages.say(session, row, f"intent:{state['intent']['id']}", result.get("code"), result.get("params"))
    return {"replan": False}


async def broken(state: SetupState, error: NodeError, runtime: Runtime[SetupContext]) -> Command[Any]:
    """A node raised what nobody foresaw: the trace is ours, the seller gets a sentence, and effects are taken back."""
    if isinstance(error.error, PASSING):
        raise error.error
    log.error("setup_node_broke", node=error.node, exc_info=error.error)
    failure = {
        "code": SetupCode.CHECK_FAILED.value,
        "reason": type(error.error).__name__,
        "is_provider_fault": True,
        "stage": (Stage.PROOF if error.node == PROVE else Stage.CONFIGURATION).value,
    }
    plan = state.get("plan")
    if plan and error.node in ("apply", PROVE):
        undo = await entries_of(runtime.context, plan["hash"])
        return Command(goto=COMPENSATE, update={"failure": failure, "undo": undo, "left": [], "proof": None})
    result = {"outcome": "failed", "code": failure["code"]}
    return Command(goto=FINISH, update={"failure": failure, "plan": None, "proof": None, "result": result})


def _state_of(row: SetupSession, result: dict[str, Any]) -> SessionState:
    if result.get("undone") == SetupCode.LEFT_OVER:
        return SessionState.FAILED
    if result.get("outcome") == "rolled_back":
        return SessionState.ROLLED_BACK
    is_done = all(row.stages.get(stage.value, {}).get("status") == StageStatus.VERIFIED for stage in Stage)
    return SessionState.DONE if is_done else SessionState.AWAITING_SELLER
