"""Where a session stands, for people and for pages: every stage, the last failure somebody can act on, what is due from
whom next (as a payments provider's onboarding states its requirements)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.chat.standing import standing
from tracking_core.configuration.plan import Plan, render
from tracking_core.i18n import translate
from tracking_core.models import (
    ActionState,
    ConfigurationState,
    SetupActionLog,
    SetupApproval,
    SetupSession,
    TrackingConfiguration,
)
from tracking_core.proof.run import HOPS
from tracking_core.setup import approvals
from tracking_core.setup.meanings import describe, fault_of
from tracking_core.setup.outcome import Fault, Stage
from tracking_core.setup.projection import StageStatus

_FAILURES_READ = 20
_PROVED = f"proof_{HOPS[-1]}"
_SELLER, _PROVIDER, _HUB = "seller", "provider", "hub"
# What each stage wants of the seller while it is not verified.
DUE = {
    Stage.GATEWAY: "Enter your gateway's credentials and have them checked.",
    Stage.META: "Enter your dataset's ID and access token and have them checked.",
    Stage.URL: "Enter the address of your sales page and have it looked at.",
    Stage.CONFIGURATION: "Read the plan and approve it.",
    Stage.PROOF: "Let the hub send a test sale through every step.",
}
ASK_FOR_PLAN = "Ask for the plan."
# A proof that has run halfway is not half a setup: each stage counts once it is verified.
_WEIGHT = {Stage.GATEWAY: 25, Stage.META: 25, Stage.URL: 15, Stage.CONFIGURATION: 20, Stage.PROOF: 15}


async def of(session: AsyncSession, owner: SetupSession, *, locale: str) -> dict[str, Any]:
    """The whole status in the language."""
    waiting = await approvals.pending(session, owner.id)
    failure = await _last_failure(session, owner.id)
    return {
        "session_id": str(owner.id),
        "tenant_id": str(owner.tenant_id),
        "state": owner.state,
        "locale": owner.locale,
        "progress": progress(owner.stages),
        "stages": {stage.value: _stage(owner.stages.get(stage.value, {}), locale) for stage in Stage},
        "last_failure": _told_failure(failure, locale) if failure else None,
        "requirements": requirements(owner.stages, has_plan=waiting is not None, locale=locale),
        "plan": plan_of(waiting, locale) if waiting else None,
        "configuration": await _configuration(session, owner.tenant_id),
        "chat": await standing(session, owner.id),
        "updated_at": owner.updated_at.isoformat(),
    }


async def snapshot(session: AsyncSession, session_id: UUID) -> tuple[int, dict[str, Any]]:
    """The status and the number of the last event it surely contains: what comes after may be in it already, and says
    the same again."""
    owner = await session.get_one(SetupSession, session_id)
    return owner.event_seq, await of(session, owner, locale=owner.locale)


def progress(stages: Mapping[str, Any]) -> int:
    """Percent of the way to a proved setup, by stages verified."""
    return sum(weight for stage, weight in _WEIGHT.items() if _status(stages, stage) == StageStatus.VERIFIED)


def requirements(stages: Mapping[str, Any], *, has_plan: bool, locale: str) -> list[dict[str, str]]:
    """What is missing, each with who it is due from; of the seller's, only what can be done now. A proof that was red
    says first what to mend."""
    missing: list[Stage] = [stage for stage in Stage if _status(stages, stage) != StageStatus.VERIFIED]
    checks: list[Stage] = [stage for stage in missing if stage not in (Stage.CONFIGURATION, Stage.PROOF)]
    red: list[Stage] = (
        [Stage.PROOF] if _status(stages, Stage.PROOF) in (StageStatus.ACTION_REQUIRED, StageStatus.WAITING) else []
    )
    wanted = red + (checks or [stage for stage in missing[:1] if stage not in red])
    return [one for stage in wanted for one in _due(stages, stage, has_plan=has_plan, locale=locale)]


def _due(stages: Mapping[str, Any], stage: Stage, *, has_plan: bool, locale: str) -> list[dict[str, str]]:
    """What the stage waits for; where it knows the very fields, each of them."""
    fields = stages.get(stage.value, {}).get("requirements")
    if not fields:
        return [_requirement(stages, stage, has_plan=has_plan, locale=locale)]
    said = {"stage": stage.value, "due_from": _SELLER}
    return [{**said, "field": one["field"], "message": translate(one["message"], locale)} for one in fields]


def plan_of(approval: SetupApproval, locale: str) -> dict[str, Any]:
    """A plan as it is shown for a decision: the text is made by code from the plan."""
    plan = Plan.from_json(approval.plan)
    return {
        "approval_id": str(approval.id),
        "plan_hash": approval.plan_hash,
        "kind": plan.kind,
        "state": approval.state,
        "diff": render(plan, locale),
        "actions": [
            {"key": one.key, "is_external": one.is_external, "undo": one.undo_kind, "risk": one.risk}
            for one in plan.actions
        ],
        "requested_at": approval.requested_at.isoformat(),
        "expires_at": approval.expires_at.isoformat(),
    }


def _status(stages: Mapping[str, Any], stage: Stage) -> str:
    return str(stages.get(stage.value, {}).get("status", StageStatus.NOT_STARTED))


def _stage(entry: Mapping[str, Any], locale: str) -> dict[str, Any]:
    kept = {name: value for name, value in entry.items() if name not in ("code", "params", "warnings")}
    params = entry.get("params", {})
    said = describe(entry["code"], params, locale) if entry.get("code") else {}
    if missing := entry.get("requirements"):
        kept["requirements"] = [{**one, "message": translate(one["message"], locale)} for one in missing]
    warnings = [describe(code, params, locale) for code in entry.get("warnings", [])]
    return {"status": StageStatus.NOT_STARTED, **kept, **said, **({"warnings": warnings} if warnings else {})}


def _requirement(stages: Mapping[str, Any], stage: Stage, *, has_plan: bool, locale: str) -> dict[str, str]:
    entry = stages.get(stage.value, {})
    status, code = entry.get("status"), entry.get("code")
    due_from = _SELLER
    if status == StageStatus.IN_PROGRESS:
        due_from = _HUB
    elif status == StageStatus.WAITING:
        due_from = _PROVIDER if code and fault_of(code) is Fault.PROVIDER else _HUB
    message = translate(DUE[stage] if has_plan or stage is not Stage.CONFIGURATION else ASK_FOR_PLAN, locale)
    if code and status in (StageStatus.ACTION_REQUIRED, StageStatus.WAITING):
        message = describe(code, entry.get("params", {}), locale).get("recommendation", message)
    return {"stage": stage.value, "due_from": due_from, "message": message}


async def _last_failure(session: AsyncSession, session_id: UUID) -> SetupActionLog | None:
    """The newest failure that is the seller's to mend and that no later success of the same action has mended."""
    query = select(SetupActionLog).where(
        SetupActionLog.session_id == session_id, col(SetupActionLog.finished_at).is_not(None)
    )
    rows = (await session.scalars(query.order_by(col(SetupActionLog.finished_at).desc()).limit(_FAILURES_READ))).all()
    return _unmended(rows)


def _unmended(newest_first: Sequence[SetupActionLog]) -> SetupActionLog | None:
    mended: set[str] = set()
    for row in newest_first:
        if row.state == ActionState.SUCCESS:
            if row.action == _PROVED:  # what failed before it did not keep the setup from working
                return None
            mended.add(row.action)
        elif row.state == ActionState.FAILED and row.action not in mended and _is_sellers(row):
            return row
    return None


def _is_sellers(row: SetupActionLog) -> bool:
    return row.code is not None and fault_of(row.code) is Fault.SELLER


def _told_failure(row: SetupActionLog, locale: str) -> dict[str, Any]:
    said = describe(row.code or "", row.output.get("params", {}), locale)
    at = row.finished_at.isoformat() if row.finished_at else None
    return {"action_id": str(row.id), "action": row.action, **said, "reason": row.reason, "at": at}


async def _configuration(session: AsyncSession, tenant_id: UUID) -> dict[str, Any] | None:
    query = select(TrackingConfiguration).where(
        TrackingConfiguration.tenant_id == tenant_id, TrackingConfiguration.state == ConfigurationState.ACTIVE
    )
    active = (await session.scalars(query)).first()
    if active is None:
        return None
    activated = active.activated_at.isoformat() if active.activated_at else None
    return {"version": active.version, "plan_hash": active.plan_hash, "activated_at": activated}
