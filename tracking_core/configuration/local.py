"""Carry out an effect inside the hub: effect and ledger row in one transaction, so that a crash means it never was."""

import time
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ActionResult, ApplyContext
from tracking_core.configuration.ledger import Done, Entry, begin, fail, find, result_of, row_id, succeed
from tracking_core.configuration.opening import opened
from tracking_core.db.engine import transaction
from tracking_core.models import ActionState, SecretKind, SetupActionLog, Tenant

# Given the credentials that were asked for, in clear by reference.
Work = Callable[[AsyncSession, Mapping[str, str]], Awaitable[Done]]


async def run(
    ctx: ApplyContext, entry: Entry, work: Work, wanted: Mapping[str, SecretKind] | None = None
) -> ActionResult:
    """What the work came to; done before, what it came to then. ``wanted`` are the credentials it needs. Raises
    StaleFence."""
    started = time.monotonic()
    try:
        if wanted and (known := await _done_before(ctx, entry)):
            return recorded(known)
        clear = await opened(ctx, wanted or {})
        async with transaction() as session:
            known = await find(session, ctx, entry.idem)
            if known is not None and known.state != ActionState.FAILED:
                return recorded(known)
            await _hold_tenant(session, ctx)
            done = await work(session, clear)
            row = await begin(session, ctx, entry, done.before)
            await succeed(session, row, done, started=started)
            result = result_of(row)
            ctx.checkpoint("before_commit")
        ctx.checkpoint("after_commit")
    except ActionFailed as failure:
        return await record_failure(ctx, entry, failure, started)
    return result


async def _done_before(ctx: ApplyContext, entry: Entry) -> SetupActionLog | None:
    """Then no credential is opened once more."""
    async with transaction() as session:
        known = await find(session, ctx, entry.idem)
    return known if known is not None and known.state != ActionState.FAILED else None


async def record_failure(ctx: ApplyContext, entry: Entry, failure: ActionFailed, started: float) -> ActionResult:
    """Write the failure down. What is in flight keeps its snapshot, to be told from what was there before it."""
    async with transaction() as session:
        row = await find(session, ctx, entry.idem)
        if row is None or row.state == ActionState.FAILED:
            row = await begin(session, ctx, entry, {})
        await fail(session, row, failure, started=started)
        result = result_of(row)
        ctx.checkpoint("before_commit")
    ctx.checkpoint("after_commit")
    return result


async def record_untold(ctx: ApplyContext, entry: Entry, failure: ActionFailed, started: float) -> ActionResult:
    """Write down a failure that says nothing of the effect: what is in flight stays so, what is done stays done."""
    async with transaction() as session:
        known = await find(session, ctx, entry.idem)
    if known is not None and known.state not in (ActionState.FAILED, ActionState.IN_FLIGHT):
        return recorded(known)
    failure.is_unconfirmed = known is not None and known.state == ActionState.IN_FLIGHT
    return await record_failure(ctx, entry, failure, started)


def recorded(row: SetupActionLog) -> ActionResult:
    """The result of an effect that was carried out before. Undone since, it is not done again under the same plan."""
    if row.state in (ActionState.UNDONE, ActionState.UNDO_FAILED):
        return ActionResult(action_id=row.id, is_success=False, code=ConfigCode.STALE, reason="undone since")
    return result_of(row)


def refused(ctx: ApplyContext, entry: Entry, failure: ActionFailed) -> ActionResult:
    """The failure of an effect that was not begun and left no row."""
    return ActionResult(
        action_id=row_id(ctx, entry.idem),
        is_success=False,
        code=failure.code,
        reason=failure.reason,
        is_provider_fault=failure.is_provider_fault,
    )


async def _hold_tenant(session: AsyncSession, ctx: ApplyContext) -> None:
    """One change of a tenant's configuration at a time; rows that refer to the tenant may still come in."""
    query = select(Tenant).where(Tenant.id == ctx.tenant_id).with_for_update(key_share=True)
    (await session.scalars(query, execution_options={"populate_existing": True})).one()
