"""After what failed: count it, and call a person when our help has not helped. State decides, no model."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime
from langgraph.types import Command
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from agent.chat.prompting import prompt_ref
from agent.setup.context import SetupContext
from agent.setup.nodes.applying import DIAGNOSE, FINISH
from agent.setup.state import SetupState
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.money import is_money_at_risk
from tracking_core.kit import clock
from tracking_core.models import SetupHandoff, SetupSession, Tenant
from tracking_core.setup import failures, lease
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.meanings import fault_of
from tracking_core.setup.outcome import Fault, Stage

ESCALATE = "escalate"
__all__ = ["DIAGNOSE", "ESCALATE", "diagnose", "escalate"]
_FAILED = "failed"
_STEP_OF: dict[str, Stage] = {
    IntentKind.VALIDATE_GATEWAY: Stage.GATEWAY,
    IntentKind.VALIDATE_META: Stage.META,
    IntentKind.PROBE_LANDING: Stage.URL,
    IntentKind.PROVE: Stage.PROOF,
}
# A provider's outage passes by itself; what is nobody's fault asks for no help.
_COUNTED = (Fault.SELLER, Fault.HUB)
# A slip of the keys is mended by the next try.
_TYPING = "_malformed"
# What sales on hold wait for; a page that does not answer keeps none from Meta.
_MONEY_STEPS = (Stage.META, Stage.CONFIGURATION, Stage.PROOF)


@dataclass(frozen=True, slots=True)
class _Case:
    step: str
    code: str
    is_failure: bool


async def diagnose(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Whether what the intent came to calls for a person, and why."""
    case = _case_of(state)
    async with transaction() as session:
        tool = runtime.context.tool
        await lease.require(session, tool.session_id, tool.fence)
        owner = await session.get_one(SetupSession, tool.session_id)
        reason = await _reason(session, owner, state, case) if case.is_failure else None
        for step in _over(state, case):
            await failures.clear(session, owner.id, step)
    if reason is None:
        return Command(goto=FINISH)
    return Command(goto=ESCALATE, update={"escalation": {"reason": reason.value, "step": case.step, "code": case.code}})


async def escalate(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Open the case, or add to the one that is open; run twice it is the same case."""
    tool, asked = runtime.context.tool, state["escalation"]
    async with transaction() as session:
        await lease.require(session, tool.session_id, tool.fence)
        owner = await session.get_one(SetupSession, tool.session_id)
        await handoffs.open_(
            session,
            owner,
            reason=Reason(asked["reason"]),
            step=asked["step"],
            code=asked["code"],
            actor="agent:setup",
            now=clock.now(),
            settings=tool.settings,
            prompt=prompt_ref(),
        )
    return Command(goto=FINISH)


def _over(state: SetupState, case: _Case) -> tuple[str, ...]:
    """The steps whose failures are over by what went well."""
    if case.is_failure:
        return ()
    if state.get("result", {}).get("outcome") == "proved":
        return (Stage.CONFIGURATION, Stage.PROOF)
    return (case.step,) if case.step else ()


async def _puts_money_at_risk(session: AsyncSession, owner: SetupSession) -> bool:
    """Told once in a session: the case that it opened, however it was closed, is known."""
    if not await is_money_at_risk(session, owner.tenant_id):
        return False
    query = select(SetupHandoff.id).where(
        SetupHandoff.session_id == owner.id, SetupHandoff.reason == Reason.MONEY_AT_RISK
    )
    return (await session.scalars(query)).first() is None


def _case_of(state: SetupState) -> _Case:
    """What failed, in which step; for what went well, the step whose failures are over."""
    result, kind = state.get("result", {}), state["intent"]["kind"]
    failure = state.get("failure") or {}
    is_failure = _FAILED in (result.get("status"), result.get("outcome")) or _is_left_over(state)
    step = _STEP_OF.get(kind) or failure.get("stage") or Stage.CONFIGURATION
    if not is_failure and kind not in _STEP_OF:
        step = ""
    code = failure.get("code") or result.get("code") or SetupCode.CHECK_FAILED
    return _Case(str(step), str(code), is_failure)


def _is_left_over(state: SetupState) -> bool:
    return bool(state.get("result", {}).get("undone") == SetupCode.LEFT_OVER)


async def _reason(session: AsyncSession, owner: SetupSession, state: SetupState, case: _Case) -> Reason | None:
    """At once when something stays undone or sales wait unsent; else when it failed too often in the same way."""
    if _is_left_over(state):
        return Reason.ROLLBACK_INCOMPLETE
    fault = fault_of(case.code)
    if fault not in _COUNTED or case.code.endswith(_TYPING):
        return None
    intent_id = UUID(state["intent"]["id"])
    count = await failures.count(
        session, owner, step=case.step, fingerprint=case.code, intent_id=intent_id, now=clock.now()
    )
    tenant = await session.get_one(Tenant, owner.tenant_id)
    if case.step in _MONEY_STEPS and await _puts_money_at_risk(session, owner):
        return Reason.MONEY_AT_RISK
    if count < tenant.escalate_after:
        return None
    return Reason.REPEATED_FAILURE if fault is Fault.SELLER else Reason.TOOL_FAILURE
