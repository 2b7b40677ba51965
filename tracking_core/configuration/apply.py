"""Apply a plan, one action at a time. Each action happens once for its plan and session, wherever a process dies."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration import external, local
from tracking_core.configuration.actions import Action, ActionName, Plan
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ActionResult, ApplyContext
from tracking_core.configuration.current import read_current
from tracking_core.configuration.effects import EFFECTS, Effect, secrets_of
from tracking_core.configuration.external import Goal
from tracking_core.configuration.ledger import Done, Entry, applied
from tracking_core.configuration.preconditions import observed
from tracking_core.configuration.undo import undo_as

__all__ = ["ActionResult", "ApplyContext", "applied", "apply_action"]

_GOALS = {ActionName.REGISTER_WEBHOOK: Goal.PRESENT, ActionName.UNREGISTER_WEBHOOK: Goal.ABSENT}


async def apply_action(ctx: ApplyContext, plan: Plan, position: int) -> ActionResult:
    """Carry out the plan's action at ``position``, or say what it came to before. Raises StaleFence."""
    action = plan.actions[position]
    entry = Entry(
        idem=f"{plan.hash}:{action.key}",
        action=action.name,
        params=action.params,
        plan_hash=plan.hash,
        position=position,
        undo_kind=action.undo_kind,
    )
    if action.name is ActionName.UNDO:
        return await undo_as(ctx, UUID(action.params["log_id"]), entry)
    if goal := _GOALS.get(action.name):
        return await external.run(ctx, entry, external.Work(goal, action.params))
    wanted = secrets_of(action.name, action.params, action.preconditions)
    return await local.run(ctx, entry, _effect(ctx, plan, action), wanted)


def _effect(ctx: ApplyContext, plan: Plan, action: Action) -> local.Work:
    async def work(session: AsyncSession, opened: Mapping[str, str]) -> Done:
        seen = observed(await read_current(session, ctx.tenant_id), action.name, action.params)
        # What an older version of the hub did not look at when it planned makes no plan of its time stale.
        if any(seen.get(name) != value for name, value in action.preconditions.items()):
            raise ActionFailed(ConfigCode.STALE, f"{action.key}: not what was planned from")
        return await EFFECTS[action.name](Effect(session, ctx, action.params, plan.hash, opened))

    return work
