"""The ledger of effects: one row for each action of a plan, written under the session's fence."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration.actions import UndoKind
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ActionResult, ApplyContext
from tracking_core.configuration.leftovers import LEFT
from tracking_core.kit import clock
from tracking_core.kit.ids import stable_id
from tracking_core.models import ActionState, SetupActionLog
from tracking_core.setup import lease
from tracking_core.setup.outcome import REASON_LIMIT
from tracking_core.streams.append import EventType, append
from tracking_core.tenants import service as tenants

UNDO_PREFIX = "undo_"
# An undo that went well and still left something.
_LEAVING = (ConfigCode.LEFT_OVER, ConfigCode.KEPT_DISABLED, ConfigCode.KEPT_PROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Which effect: ``idem`` makes it one per session. ``undoes`` is the row an undo is of."""

    idem: str
    action: str
    params: dict[str, Any]
    plan_hash: str | None
    position: int | None
    undo_kind: UndoKind
    undoes: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an effect came to. ``before`` is sealed; ``after`` names what was made; ``output`` is told."""

    code: str = ConfigCode.OK
    before: dict[str, Any] = field(default_factory=dict, repr=False)
    after: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)


def row_id(ctx: ApplyContext, idem: str) -> UUID:
    """The effect's row, known before there is one."""
    return stable_id("setup_action", ctx.session_id, idem)


async def find(session: AsyncSession, ctx: ApplyContext, idem: str) -> SetupActionLog | None:
    """The effect's row, locked, if it was begun before. Raises StaleFence."""
    await lease.require(session, ctx.session_id, ctx.fence)
    query = select(SetupActionLog).where(SetupActionLog.session_id == ctx.session_id, SetupActionLog.idem == idem)
    return (await session.scalars(query.with_for_update(), execution_options={"populate_existing": True})).first()


async def begin(session: AsyncSession, ctx: ApplyContext, entry: Entry, before: dict[str, Any]) -> SetupActionLog:
    """The effect's row, in flight: new, or opened again after a failure that left nothing. Raises StaleFence."""
    row = await find(session, ctx, entry.idem)
    if row is None:
        row = SetupActionLog(
            id=row_id(ctx, entry.idem),
            session_id=ctx.session_id,
            tenant_id=ctx.tenant_id,
            action=entry.action,
            idem=entry.idem,
            actor=ctx.actor,
            fence=ctx.fence,
            plan_hash=entry.plan_hash,
            position=entry.position,
            undo_kind=entry.undo_kind,
            input={**entry.params, "undoes": str(entry.undoes)} if entry.undoes else entry.params,
        )
    else:
        row.output = {"earlier": [*row.output.get("earlier", []), _told(row)]}
    row.state, row.fence, row.actor = ActionState.IN_FLIGHT, ctx.fence, ctx.actor
    row.code = row.reason = row.return_code = row.finished_at = None
    row.started_at, row.after = clock.now(), {}
    # With nothing to keep no key is needed: where it is the key that is missing, the failure is written down still.
    row.before = await _sealed(session, ctx.tenant_id, row.id, before) if before else None
    session.add(row)
    await session.flush()
    return row


async def succeed(session: AsyncSession, row: SetupActionLog, done: Done, *, started: float) -> None:
    """Close the row in the transaction of its effect; whoever watches is told."""
    row.state, row.code, row.after = ActionState.SUCCESS, done.code, done.after
    row.output = {**row.output, "params": done.output}
    left = done.code if done.code in _LEAVING else None
    await _close(session, row, started)
    await _settle_target(session, row, ActionState.UNDONE, left)


async def fail(session: AsyncSession, row: SetupActionLog, failure: ActionFailed, *, started: float) -> None:
    """Close the row as failed; an unconfirmed effect stays in flight, to be read back."""
    row.state = ActionState.IN_FLIGHT if failure.is_unconfirmed else ActionState.FAILED
    row.code, row.reason, row.return_code = failure.code, failure.reason[:REASON_LIMIT], failure.return_code
    row.output = {**row.output, "is_provider_fault": failure.is_provider_fault}
    await _close(session, row, started)
    await _settle_target(session, row, ActionState.UNDO_FAILED, failure.code)


async def _settle_target(session: AsyncSession, row: SetupActionLog, state: ActionState, left: str | None) -> None:
    """Where the row is an undo, say so on what it undoes, with the code of what is left of it."""
    if not (undoes := row.input.get("undoes")):
        return
    target = await session.get_one(SetupActionLog, UUID(undoes), populate_existing=True)
    target.state, target.undone_at = state, clock.now()
    kept = {name: value for name, value in target.after.items() if name != LEFT}
    target.after = {**kept, LEFT: left} if left else kept
    await session.flush()


async def _close(session: AsyncSession, row: SetupActionLog, started: float) -> None:
    row.finished_at, row.latency_ms = clock.now(), round((time.monotonic() - started) * 1000)
    session.add(row)
    told = {"action": row.action, "action_id": str(row.id), "status": row.state, "code": row.code}
    event = EventType.ACTION_UNDONE if row.action.startswith(UNDO_PREFIX) else EventType.ACTION_APPLIED
    await append(session, row.session_id, event, told | {"plan_hash": row.plan_hash, "position": row.position})


def result_of(row: SetupActionLog) -> ActionResult:
    """What the row records, for the first asking and every later one."""
    return ActionResult(
        action_id=row.id,
        is_success=row.state == ActionState.SUCCESS,
        code=row.code or ConfigCode.OK,
        reason=row.reason or "",
        params=row.output.get("params", {}),
        latency_ms=row.latency_ms or 0,
        return_code=row.return_code,
        is_provider_fault=bool(row.output.get("is_provider_fault")),
    )


async def before_of(session: AsyncSession, row: SetupActionLog) -> dict[str, Any]:
    """The snapshot taken before the effect, in clear: for the undo and nothing else."""
    if row.before is None:
        return {}
    cipher = tenants.cipher_of(await tenants.get(session, row.tenant_id))
    before: dict[str, Any] = orjson.loads(cipher.decrypt(bytes(row.before), _place(row.id)))
    return before


async def applied(session: AsyncSession, session_id: UUID, plan_hash: str | None = None) -> list[SetupActionLog]:
    """What may have changed something and is not undone yet, newest first: of one plan, or of the whole session."""
    query = select(SetupActionLog).where(
        SetupActionLog.session_id == session_id,
        col(SetupActionLog.state).in_([ActionState.SUCCESS, ActionState.IN_FLIGHT, ActionState.UNDO_FAILED]),
        col(SetupActionLog.undo_kind).in_([kind for kind in UndoKind if kind is not UndoKind.NONE]),
    )
    if plan_hash is not None:
        query = query.where(SetupActionLog.plan_hash == plan_hash)
    newest_first = query.order_by(col(SetupActionLog.started_at).desc(), col(SetupActionLog.position).desc())
    return list((await session.scalars(newest_first, execution_options={"populate_existing": True})).all())


def _told(row: SetupActionLog) -> dict[str, Any]:
    at = row.finished_at.isoformat() if row.finished_at else None
    return {"state": row.state, "code": row.code, "reason": row.reason, "return_code": row.return_code, "at": at}


async def _sealed(session: AsyncSession, tenant_id: UUID, row_id: UUID, before: dict[str, Any]) -> bytes:
    cipher = tenants.cipher_of(await tenants.get(session, tenant_id))
    return cipher.encrypt(orjson.dumps(before), _place(row_id))


def _place(row_id: UUID) -> str:
    return f"ledger:{row_id}:before"
