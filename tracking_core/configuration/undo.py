"""Undo one ledger row. The undo is an effect with a row of its own: once, under the fence, and seen by who watches."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration import external, local
from tracking_core.configuration.actions import ActionName, UndoKind
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ActionResult, ApplyContext
from tracking_core.configuration.external import Goal, Work
from tracking_core.configuration.ledger import UNDO_PREFIX, Done, Entry, before_of
from tracking_core.configuration.leftovers import Leftover, leftovers
from tracking_core.configuration.local import record_untold
from tracking_core.configuration.undoing import UNDOS, Undo
from tracking_core.configuration.using import require_unused
from tracking_core.db.engine import AWAY, transaction
from tracking_core.errors import NotFound, StaleFence
from tracking_core.models import ActionState, SetupActionLog
from tracking_core.setup import lease

__all__ = ["Leftover", "leftovers", "undo_action"]

# The database is away, or the session is another worker's: nothing can be written down, and trying again is right.
log = structlog.get_logger()


async def undo_action(ctx: ApplyContext, log_id: UUID) -> ActionResult:
    """Put back what the row changed. Undone before, or never done, it is a success without an effect. A failure is
    written down and leaves the row ``undo_failed``: go on with the next, newest first. Raises StaleFence, NotFound."""
    idem = f"undo:{log_id}"
    entry = Entry(idem=idem, action="", params={}, plan_hash=None, position=None, undo_kind=UndoKind.NONE)
    return await undo_as(ctx, log_id, entry)


async def undo_as(ctx: ApplyContext, log_id: UUID, entry: Entry) -> ActionResult:
    """The same, as the entry of a plan that a person approved."""
    started = time.monotonic()
    async with transaction() as session:
        await lease.require(session, ctx.session_id, ctx.fence)
        target = await session.get(SetupActionLog, log_id)
    if target is None or target.session_id != ctx.session_id:
        raise NotFound(what="action")
    if target.undo_kind == UndoKind.NONE or target.state in (ActionState.UNDONE, ActionState.FAILED):
        return ActionResult(action_id=target.id, is_success=True, code=ConfigCode.UNDONE, reason="nothing to undo")
    entry = replace(
        entry, action=f"{UNDO_PREFIX}{target.action}", params=_told(target), undo_kind=UndoKind.NONE, undoes=target.id
    )
    try:
        return await _undone(ctx, target, entry)
    except (StaleFence, *AWAY):
        raise
    except Exception as error:
        # A defect of ours at one action must not keep the others from being undone.
        log.exception("undo_broke", action=target.action, action_id=str(target.id), error=type(error).__name__)
        failure = ActionFailed(ConfigCode.UNDO_FAILED, f"the undo broke: {type(error).__name__}")
        return await record_untold(ctx, entry, failure, started)


async def _undone(ctx: ApplyContext, target: SetupActionLog, entry: Entry) -> ActionResult:
    async with transaction() as session:
        before = await before_of(session, target)
    if work := _at_gateway(target, before):
        return await external.run(ctx, entry, replace(work, allowed=lambda session: require_unused(session, target)))
    return await local.run(ctx, entry, _work(ctx, target, before))


def _told(target: SetupActionLog) -> dict[str, object]:
    return {name: value for name, value in target.input.items() if name != "spec"}


def _at_gateway(target: SetupActionLog, before: Mapping[str, list[str]]) -> Work | None:
    """What an undo has to reach at the gateway; None where nothing was changed there."""
    there = frozenset(before.get("ids", ()))
    if target.action == ActionName.REGISTER_WEBHOOK and not there:
        return Work(Goal.ABSENT, target.input)
    if target.action == ActionName.UNREGISTER_WEBHOOK and there:
        return Work(Goal.PRESENT, target.input)
    return None


def _work(ctx: ApplyContext, target: SetupActionLog, before: Mapping[str, object]) -> local.Work:
    undo: Callable[[Undo], Awaitable[Done]] | None = UNDOS.get(ActionName(target.action))

    async def work(session: AsyncSession, _opened: Mapping[str, str]) -> Done:
        if undo is None:
            return Done(code=ConfigCode.UNDONE)
        await require_unused(session, target)
        return await undo(Undo(session, ctx, target.input, before, target.after))

    return work
