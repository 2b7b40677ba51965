"""Plans that wait for a person. The row is the record; the graph's interrupt is what waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db import bulk
from tracking_core.db.engine import transaction
from tracking_core.errors import ApprovalExpired, ApprovalMismatch, ApprovalNotPending, SetupBusy
from tracking_core.kit.ids import new_id
from tracking_core.models import ApprovalState, SetupApproval, SetupSession
from tracking_core.setup import lease
from tracking_core.setup.inbox import IntentKind, enqueue, next_queued
from tracking_core.streams.append import EventType, append

_SWEEP_LIMIT = 100


async def pending(session: AsyncSession, session_id: UUID) -> SetupApproval | None:
    query = select(SetupApproval).where(
        SetupApproval.session_id == session_id, SetupApproval.state == ApprovalState.PENDING
    )
    return (await session.scalars(query.order_by(col(SetupApproval.requested_at).desc()).limit(1))).first()


async def request(
    session: AsyncSession,
    owner: SetupSession,
    fence: int,
    *,
    interrupt_id: str,
    plan: Mapping[str, Any],
    plan_hash: str,
    now: datetime,
    hours: int,
) -> None:
    """Show the plan for a decision, once for each interrupt. Raises StaleFence."""
    await lease.require(session, owner.id, fence)
    expires_at = now + timedelta(hours=hours)
    row = {
        "id": new_id(),
        "session_id": owner.id,
        "tenant_id": owner.tenant_id,
        "plan_hash": plan_hash,
        "interrupt_id": interrupt_id,
        "plan": dict(plan),
        "state": ApprovalState.PENDING,
        "requested_at": now,
        "expires_at": expires_at,
    }
    if await bulk.insert(session, SetupApproval, [row], returning="id"):
        told = {"approval_id": str(row["id"]), "plan_hash": plan_hash, "expires_at": expires_at.isoformat()}
        await append(session, owner.id, EventType.APPROVAL_REQUESTED, told)


async def decide(
    session: AsyncSession,
    owner: SetupSession,
    *,
    plan_hash: str,
    is_approved: bool,
    actor: str,
    now: datetime,
) -> UUID:
    """Record a person's decision on exactly this plan and put it in the inbox; the intent's id.

    Raises ApprovalNotPending, ApprovalMismatch, ApprovalExpired, or SetupBusy when something queued before it would
    take the plan away; nothing is changed then.
    """
    await session.get_one(SetupSession, owner.id, with_for_update=True, populate_existing=True)
    waiting = await pending(session, owner.id)
    if waiting is None:
        raise ApprovalNotPending
    if waiting.plan_hash != plan_hash:
        raise ApprovalMismatch
    if waiting.expires_at <= now:
        raise ApprovalExpired
    if await next_queued(session, owner.id) is not None:
        raise SetupBusy
    state = ApprovalState.APPROVED if is_approved else ApprovalState.REJECTED
    record(
        session,
        actor=actor,
        action=f"setup.plan_{state}",
        subject=str(waiting.id),
        tenant_id=owner.tenant_id,
        plan_hash=plan_hash,
    )
    return await _resolve(session, owner, waiting, state, IntentKind.DECIDE, actor=actor, now=now)


async def supersede(session: AsyncSession, owner: SetupSession, fence: int, now: datetime) -> None:
    """The plan that waits gives way to what was asked since."""
    await lease.require(session, owner.id, fence)
    if waiting := await pending(session, owner.id):
        waiting.state, waiting.decided_at = ApprovalState.SUPERSEDED, now
        await _tell(session, owner.id, waiting)


async def expire_due(now: datetime) -> list[UUID]:
    """End the approvals whose time is over, by an explicit decision in the inbox; the sessions concerned.

    A transaction for each, and the session locked before its approval, as everyone does.
    """
    query = select(SetupApproval.session_id).where(
        SetupApproval.state == ApprovalState.PENDING, SetupApproval.expires_at <= now
    )
    async with transaction() as session:
        due = (await session.scalars(query.limit(_SWEEP_LIMIT))).all()
    return [session_id for session_id in due if await _expired(session_id, now)]


async def _expired(session_id: UUID, now: datetime) -> bool:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, session_id, with_for_update=True)
        waiting = await pending(session, session_id)
        if waiting is None or waiting.expires_at > now:
            return False
        await _resolve(session, owner, waiting, ApprovalState.EXPIRED, IntentKind.EXPIRE, actor="scheduler", now=now)
    return True


async def _resolve(
    session: AsyncSession,
    owner: SetupSession,
    waiting: SetupApproval,
    state: ApprovalState,
    kind: IntentKind,
    *,
    actor: str,
    now: datetime,
) -> UUID:
    waiting.state, waiting.decided_at, waiting.decided_by = state, now, actor
    payload = {"interrupt_id": waiting.interrupt_id, "plan_hash": waiting.plan_hash, "decision": state.value}
    intent, _ = await enqueue(session, owner, kind, payload, actor=actor, client_id=f"{kind}:{waiting.id}")
    await _tell(session, owner.id, waiting)
    return intent.id


async def _tell(session: AsyncSession, session_id: UUID, resolved: SetupApproval) -> None:
    told = {"approval_id": str(resolved.id), "plan_hash": resolved.plan_hash, "state": resolved.state}
    await append(session, session_id, EventType.APPROVAL_RESOLVED, told)
