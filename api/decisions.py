"""A person's decision on a plan, recorded and put into the inbox: for the API and for the pages alike."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from api.inbox import Caller
from tracking_core.db.engine import after_commit, transaction
from tracking_core.errors import ApprovalMismatch, ApprovalNotPending
from tracking_core.kit import clock
from tracking_core.models import ApprovalState, SetupApproval, SetupIntent, SetupSession
from tracking_core.setup import approvals, sessions
from tracking_core.setup.inbox import IntentKind, known
from tracking_core.worker.doorbell import Bell


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``plan_hash`` is the one that was shown with the plan."""

    plan_hash: str
    is_approved: bool


async def decided(request: Request, caller: Caller, session_id: UUID, made: Decision) -> UUID:
    """The intent's id; the same decision again is no other. Raises as ``approvals.decide``, and as ``sessions.get``."""
    async with transaction() as session:
        owner = await sessions.get(session, session_id, caller=caller.tenant_id)
        try:
            intent_id = await approvals.decide(
                session,
                owner,
                plan_hash=made.plan_hash,
                is_approved=made.is_approved,
                actor=caller.actor,
                now=clock.now(),
            )
        except (ApprovalNotPending, ApprovalMismatch):
            if (before := await _decided_before(session, owner, made)) is None:
                raise
            intent_id = before.id
        after_commit(session, request.app.state.doorbell.after_commit(Bell.SETUP, str(session_id)))
    return intent_id


async def newest_approval(
    session: AsyncSession, session_id: UUID, plan_hash: str | None = None
) -> SetupApproval | None:
    """The plan that was shown last, whatever came of it; with a hash, the last one with it."""
    query = select(SetupApproval).where(SetupApproval.session_id == session_id)
    if plan_hash is not None:
        query = query.where(SetupApproval.plan_hash == plan_hash)
    return (await session.scalars(query.order_by(col(SetupApproval.requested_at).desc()).limit(1))).first()


async def _decided_before(session: AsyncSession, owner: SetupSession, made: Decision) -> SetupIntent | None:
    """The intent of the same decision on this plan, whose answer was lost."""
    newest = await newest_approval(session, owner.id, made.plan_hash)
    state = ApprovalState.APPROVED if made.is_approved else ApprovalState.REJECTED
    if newest is None or newest.state != state:
        return None
    return await known(session, owner.id, f"{IntentKind.DECIDE}:{newest.id}")
